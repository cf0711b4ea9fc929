import type { SequenceCache } from '../models/llama/model.ts';
import type { Tokenizer } from '../models/tokenizer/tokenizer.ts';
import { createCoin } from './coin.ts';
import { createDrafter, type Drafter } from './drafter.ts';
import type { Part, Sampling } from './engine.ts';
import { createPenalties, type Penalties } from './penalties.ts';
import type { StepCost } from './step-cost.ts';
import { createTextStream, type TextStream } from './text-stream.ts';

/** One reply in the making. The scheduler moves it; its reader takes `parts`. */
export interface Sequence {
  readonly prompt: Uint32Array;
  readonly maxTokens: number;
  readonly sampling: Sampling;
  readonly coin: () => number;
  readonly penalties: Penalties | undefined;
  /** There when it may speculate. */
  readonly drafter: Drafter | undefined;
  readonly text: TextStream;
  readonly stopIds: ReadonlySet<number>;

  /** Said, and not yet taken by the reader. */
  readonly parts: Part[];
  /** Tokens that are not in the cache yet: the rest of the prompt, later the token sampled last. */
  pending: Uint32Array;
  /** Tokens sampled, the stop token left out. */
  readonly said: number[];
  /** Prompt tokens that were in the cache when it got one. */
  cachedTokens: number;

  state: 'waiting' | 'running' | 'ended';
  /** Why it ended without a `done` part. */
  failure: { readonly error: unknown } | undefined;
  /** There while it runs. */
  cache: SequenceCache | undefined;
  /** A step is working on its cache. */
  inStep: boolean;
  startedAtMs: number;
  /** When its reader last asked for a part. */
  askedAtMs: number;
}

export interface SequenceOptions {
  readonly prompt: Uint32Array;
  readonly maxTokens: number;
  readonly sampling: Sampling;
  readonly seed: number;
  readonly stop: readonly string[];
  readonly tokenizer: Tokenizer;
  readonly nowMs: number;
  /** What its drafts are weighed by; without one it makes none. */
  readonly cost: StepCost | undefined;
}

export function newSequence(options: SequenceOptions): Sequence {
  const { prompt, maxTokens, sampling, seed, stop, tokenizer, nowMs, cost } = options;
  return {
    prompt,
    maxTokens,
    sampling,
    coin: createCoin(seed),
    penalties: createPenalties(sampling, prompt),
    drafter: cost && createDrafter({ prompt, maxTokens, cost }),
    text: createTextStream(tokenizer.decoder(), stop),
    stopIds: tokenizer.stopIds,
    parts: [],
    pending: prompt,
    said: [],
    cachedTokens: 0,
    state: 'waiting',
    failure: undefined,
    cache: undefined,
    inStep: false,
    startedAtMs: nowMs,
    askedAtMs: nowMs,
  };
}

/** Takes a sampled token in. Queues the text it completes; true when it was the last. */
export function accept(sequence: Sequence, id: number): boolean {
  if (sequence.stopIds.has(id)) return finish(sequence, 'stop');

  sequence.said.push(id);
  sequence.penalties?.push(id);
  sequence.drafter?.push(id);
  sequence.pending = Uint32Array.of(id);

  const { text, stopped } = sequence.text.push(id);
  say(sequence, text);
  if (stopped) return done(sequence, 'stop');
  return sequence.said.length === sequence.maxTokens && finish(sequence, 'length');
}

/** Lets go of what was withheld, and says why it ended. */
function finish(sequence: Sequence, reason: 'stop' | 'length'): true {
  const { text, stopped } = sequence.text.end();
  say(sequence, text);
  return done(sequence, stopped ? 'stop' : reason);
}

function say(sequence: Sequence, text: string): void {
  if (text !== '') sequence.parts.push({ type: 'text', text });
}

function done(sequence: Sequence, reason: 'stop' | 'length'): true {
  const { prompt, said, cachedTokens, parts } = sequence;
  const usage = { promptTokens: prompt.length, cachedTokens, completionTokens: said.length };
  parts.push({ type: 'done', reason, usage });
  return true;
}
