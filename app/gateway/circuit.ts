/** Keeps requests from a backend that fails: after some failures it is left alone for a while, then tried with one. */
export interface Circuit {
  /** Whether it may be asked now. */
  isClosed(): boolean;
  /** Takes leave to ask; the one trial of an open circuit is taken with it. Each is followed by one of the three below. */
  enter(): boolean;
  succeed(): void;
  fail(): void;
  /** Nothing was learnt: the client left. */
  leave(): void;
}

const FAILURES = 3; // one after the other
const FIRST_REST_MS = 2_000;
const LONGEST_REST_MS = 30_000;

export function createCircuit(nowMs: () => number): Circuit {
  let failures = 0;
  let restMs = 0;
  let openUntilMs = 0;
  let onTrial = false;

  const isOpen = () => restMs > 0;
  const mayTry = () => !isOpen() || (nowMs() >= openUntilMs && !onTrial);

  return {
    isClosed: mayTry,
    enter() {
      if (!mayTry()) return false;
      onTrial = isOpen();
      return true;
    },
    succeed() {
      failures = 0;
      restMs = 0;
      onTrial = false;
    },
    fail() {
      if (isOpen() && !onTrial) return; // begun before it opened: many fail at once where many were under way
      failures++;
      onTrial = false;
      if (failures < FAILURES) return;
      restMs = Math.min(LONGEST_REST_MS, restMs === 0 ? FIRST_REST_MS : restMs * 2);
      openUntilMs = nowMs() + restMs;
    },
    leave() {
      onTrial = false;
    },
  };
}
