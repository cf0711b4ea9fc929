/**
 * How much of a prompt a step may read while others speak, so that nobody waits long for a token because somebody
 * else's prompt is long. Learnt from the steps themselves.
 */
export interface Pace {
  /** A step of so many rows took so long. */
  observe(rows: number, ms: number): void;
  /** Prompt rows for the next step, at least 1, in which `speaking` sequences say a token each. */
  promptRows(speaking: number): number;
}

const STEP_MS = 100; // for a step in which someone speaks, if it can be: ten tokens a second still read as speech
const AT_ONCE = 4; // rows that kernels multiply together: five cost what eight do
const PAIR = 2; // rows that they multiply one after the other, for little more than one
const RECENT = 0.5; // weight of a step in the running mean of what a row costs, unless it was dearer: that counts whole

/**
 * While someone speaks a step has the rows that fit into STEP_MS, or, where even few do not fit, those of one more
 * multiplication: or a prompt would never end. A step reads the weights once however many rows it has, so after a short
 * step a row seems too dear, and the next is longer until it fits.
 *
 * Units   `most`: prompt rows of a step in which nobody speaks
 */
export function createPace(most: number): Pace {
  let rowMs: number | undefined;

  return {
    observe(rows, ms) {
      const now = ms / rows;
      rowMs = rowMs === undefined || now > rowMs ? now : now * RECENT + rowMs * (1 - RECENT);
    },
    promptRows(speaking) {
      if (speaking === 0 || rowMs === undefined) return most;
      const fit = Math.floor(STEP_MS / rowMs / AT_ONCE) * AT_ONCE;
      const least = speaking < PAIR ? PAIR : Math.ceil((speaking + 1) / AT_ONCE) * AT_ONCE;
      return Math.min(most, Math.max(fit, least) - speaking);
    },
  };
}
