import * as z from 'zod';
import { type Circuit, createCircuit } from './circuit.ts';
import { UnusableAnswerError } from './errors.ts';
import type { Condition } from './order.ts';
import type { Backend } from './schema.ts';
import { shortText } from './short-text.ts';

/** What a gateway knows of a backend, and how it asks it. */
export interface Peer {
  readonly backend: Backend;
  readonly circuit: Circuit;
  condition(): Condition;
  /** It has turned a request away, and said when to come again. */
  turnedAway(retryAfter: string | null): void;
  /** Asks how it is. Never throws. */
  probe(): Promise<void>;
  /** Has it load its model, for those who come later. Never throws. */
  wake(): Promise<void>;
  /** Has the platform start it, when it sleeps; asked again and again, only now and then. Never throws. */
  start(): Promise<void>;
  /** A request to it, with its own key. Throws what fetch throws; UnusableAnswerError. */
  send(path: string, init: RequestInit): Promise<Response>;
}

export interface PeerDeps {
  readonly fetch: typeof fetch;
  readonly nowMs: () => number;
  /** The value of a secret, by the name of its variable. */
  readonly secret: (name: string) => string | undefined;
  /** How those are started that the platform stops when nobody asks them, by name. */
  readonly starters?: ReadonlyMap<string, () => Promise<void>> | undefined;
  readonly log: (event: Record<string, string | number>) => void;
}

const PROBE_MS = 3_000;
const WAKE_MS = 300_000;
const START_AGAIN_MS = 15_000; // who starts it may have been refused, or it may have been stopped again
const LONGEST_BUSY_SECONDS = 10;

const State = z.object({ state: z.string() });

export function createPeer(backend: Backend, { fetch, nowMs, secret, starters, log }: PeerDeps): Peer {
  const starter = starters?.get(backend.name);
  const circuit = createCircuit(nowMs);
  const base = backend.url.replace(/\/+$/, '');
  const key = backend.key === undefined ? undefined : secret(backend.key);
  let isCold = false;
  let isUnreachable = false;
  let isWaking = false;
  let busyUntilMs = 0;
  let starting: Promise<void> | undefined;
  let startedAtMs = Number.NEGATIVE_INFINITY;

  async function send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.delete('authorization'); // the client's key is for the gateway
    if (key !== undefined) headers.set('authorization', `Bearer ${key}`);
    const response = await fetch(`${base}${path}`, { ...init, headers, redirect: 'manual' });
    if (!isUnusable(response)) return response;
    await response.body?.cancel();
    log({ event: 'unusable_answer', backend: backend.name, status: response.status });
    throw new UnusableAnswerError(response.status);
  }

  /** Of our own servers also whether they have loaded; of others, whether they answer. */
  async function probe(): Promise<void> {
    if (backend.health === undefined) return;
    try {
      const signal = AbortSignal.timeout(PROBE_MS);
      const response = await fetch(new URL(backend.health, base), { signal, redirect: 'manual' });
      const body = await shortText(response);
      const isLoading = stateOf(body) === 'loading';
      if (!response.ok && !isLoading) throw new Error(`HTTP ${response.status}`);
      isCold = isLoading;
      if (isUnreachable) circuit.succeed(); // begun anew: what it did before says nothing
      isUnreachable = false;
    } catch {
      isUnreachable = true;
    }
  }

  async function wake(): Promise<void> {
    if (isWaking) return;
    isWaking = true;
    try {
      const response = await send('/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          model: backend.model,
          messages: [{ role: 'user', content: 'hi' }],
          max_tokens: 1,
        }),
        signal: AbortSignal.timeout(WAKE_MS),
      });
      await shortText(response);
      if (response.ok) isCold = false;
    } catch {
      // the next probe says how it is
    } finally {
      isWaking = false;
    }
  }

  async function start(): Promise<void> {
    if (!starter || (!starting && nowMs() < startedAtMs + START_AGAIN_MS)) return;
    startedAtMs = nowMs();
    starting ??= starter()
      .catch((error: Error) => log({ event: 'start_failed', backend: backend.name, message: error.message }))
      .finally(() => {
        starting = undefined;
      });
    await starting;
  }

  return {
    backend,
    circuit,
    condition() {
      if (isUnreachable && starter) return 'asleep';
      if (isUnreachable || !circuit.isClosed()) return 'down';
      if (isCold) return 'cold';
      return nowMs() < busyUntilMs ? 'busy' : 'ready';
    },
    turnedAway(retryAfter) {
      const seconds = Number(retryAfter ?? 1) || 1; // it may be a date
      busyUntilMs = nowMs() + 1000 * Math.min(LONGEST_BUSY_SECONDS, Math.max(1, seconds));
    },
    probe,
    wake,
    start,
    send,
  };
}

/** It leads elsewhere, where nobody follows, or wants a key that is the gateway's matter, and not the client's. */
const isUnusable = ({ status }: Response): boolean => (status >= 300 && status < 400) || status === 401;

function stateOf(body: string): string | undefined {
  try {
    return State.parse(JSON.parse(body)).state;
  } catch {
    return undefined; // another's server
  }
}
