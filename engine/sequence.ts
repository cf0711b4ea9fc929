import type { SequenceCache } from '../models/llama/model.ts';
import type { Tool } from '../models/prompts/prompt.ts';
import type { Tokenizer } from '../models/tokenizer/tokenizer.ts';
import type { Choice } from './choose.ts';
import { createCoin } from './coin.ts';
import { createDrafter, type Drafter } from './drafter.ts';
import type { LikelyToken, Part, Sampling, SpelledToken, TokenLogprob } from './engine.ts';
import type { Matcher } from './grammar/grammar.ts';
import type { RowLogprobs } from './logprobs.ts';
import { createMeanPool, type MeanPool } from './mean-pool.ts';
import { createPenalties, type Penalties } from './penalties.ts';
import type { StepCost } from './step-cost.ts';
import { countCharacters, createTextStream, type TextStream, type UnplacedToken } from './text-stream.ts';
import type { ReplyPart } from './tool-calls/call-writer.ts';
import { createToolCallParser, type ToolCallParser } from './tool-calls/tool-call-parser.ts';

/** Behind this token come code or calls. */
const PYTHON_TAG = '<|python_tag|>';

const SILENT: Sampling = {
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  seed: undefined,
};

/** One reply in the making. The scheduler moves it; its reader takes `parts`. */
export interface Sequence {
  readonly prompt: Uint32Array;
  readonly maxTokens: number;
  readonly priority: 'normal' | 'low';
  readonly sampling: Sampling;
  readonly coin: () => number;
  readonly penalties: Penalties | undefined;
  /** There when the reply is held to a grammar. */
  readonly matcher: Matcher | undefined;
  /** There when it may speculate. */
  readonly drafter: Drafter | undefined;
  readonly text: TextStream;
  /** There when it may call tools: it tells text and calls apart. */
  readonly calls: ToolCallParser | undefined;
  /** Tokens of which it is not known yet whether they are text or a call. */
  readonly undecided: TokenLogprob[];
  readonly tokenizer: Tokenizer;
  /** How many of the likeliest tokens go beside each of its own; undefined when no logprobs are wanted. */
  readonly logprobs: number | undefined;
  /** There when the prompt's logprobs are wanted: its text on the way out. */
  readonly echo: TextStream | undefined;
  /** There when its prompt is no prompt but the inputs of an embedding, joined: they are read one after the other. */
  readonly pool: MeanPool | undefined;
  /** That its cache must have. */
  readonly positions: number;

  /** Said, and not yet taken by the reader. */
  readonly parts: Part[];
  /** Tokens that are not in the cache yet: the rest of the prompt, later the token sampled last. All, once it lost its cache. */
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
  readonly enteredAtMs: number;
  /** When it first got a place. */
  admittedAtMs: number | undefined;
  firstTokenAtMs: number | undefined;
  /** When its reader last asked for a part. */
  askedAtMs: number;
}

export interface SequenceOptions {
  readonly prompt: Uint32Array;
  readonly maxTokens: number;
  readonly priority?: 'normal' | 'low' | undefined;
  readonly sampling: Sampling;
  readonly seed: number;
  readonly stop: readonly string[];
  readonly logprobs?: number | undefined;
  readonly echo?: boolean | undefined;
  readonly tools?: readonly Tool[];
  /** Whether it may make more than one call. */
  readonly parallelToolCalls?: boolean;
  readonly tokenizer: Tokenizer;
  readonly nowMs: number;
  /** What its drafts are weighed by; without one it makes none. */
  readonly cost: StepCost | undefined;
  readonly matcher?: Matcher | undefined;
}

/** What an embedding's inputs and their order make of a sequence. */
export interface EmbeddingOptions {
  readonly inputs: readonly Uint32Array[];
  readonly dim: number;
  readonly tokenizer: Tokenizer;
  readonly nowMs: number;
  readonly priority?: 'normal' | 'low' | undefined;
}

export function newSequence(options: SequenceOptions): Sequence {
  const { prompt, maxTokens, sampling, seed, stop, logprobs, tokenizer, nowMs, cost, matcher } = options;
  const { tools = [], parallelToolCalls: isParallel = true } = options;
  const echoed = options.echo ? tokenizer.decode(prompt) : '';
  const sequence: Sequence = {
    prompt,
    maxTokens,
    priority: options.priority ?? 'normal',
    sampling,
    coin: createCoin(seed),
    penalties: createPenalties(sampling, prompt),
    matcher,
    drafter: cost && createDrafter({ prompt, maxTokens, cost }),
    text: createTextStream(tokenizer.decoder(), stop, countCharacters(echoed)),
    calls: tools.length > 0 ? createToolCallParser({ tools, isParallel }) : undefined,
    undecided: [],
    tokenizer,
    logprobs,
    echo: options.echo && logprobs !== undefined ? createTextStream(tokenizer.decoder(), []) : undefined,
    pool: undefined,
    positions: prompt.length + maxTokens,
    parts: [],
    pending: prompt,
    said: [],
    cachedTokens: 0,
    state: 'waiting',
    failure: undefined,
    cache: undefined,
    inStep: false,
    startedAtMs: nowMs,
    enteredAtMs: nowMs,
    admittedAtMs: undefined,
    firstTokenAtMs: undefined,
    askedAtMs: nowMs,
  };
  if (sequence.echo) echo(sequence, 0, undefined);
  else say(sequence, { text: echoed, tokens: [] });
  return sequence;
}

/** A sequence that says nothing: it ends when its pool has the means of all inputs. */
export function newEmbedding({ inputs, dim, priority, tokenizer, nowMs }: EmbeddingOptions): Sequence {
  const lengths = inputs.map(({ length }) => length);
  const prompt = new Uint32Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const input of inputs) {
    prompt.set(input, at);
    at += input.length;
  }
  return {
    ...newSequence({
      prompt,
      maxTokens: 0,
      priority,
      sampling: SILENT,
      seed: 0,
      stop: [],
      tokenizer,
      nowMs,
      cost: undefined,
    }),
    pool: createMeanPool(lengths, dim),
    positions: lengths.reduce((most, length) => Math.max(most, length), 0),
  };
}

/** Queues the text of a prompt's token, whose logprobs are `row`: the first has none. */
export function echo(sequence: Sequence, place: number, row: RowLogprobs | undefined): void {
  const id = sequence.prompt[place]!;
  const token = row ? toToken(sequence, id, row) : { ...spell(sequence, id), logprob: null, top: [] };
  say(sequence, sequence.echo!.push(id, token));
  if (place === sequence.prompt.length - 1) say(sequence, sequence.echo!.end());
}

/** Takes a sampled token in. Queues the text it completes; true when it was the last. */
export function accept(sequence: Sequence, { id, row }: Choice): boolean {
  if (sequence.tokenizer.stopIds.has(id)) return finish(sequence, 'stop');

  sequence.said.push(id);
  sequence.penalties?.push(id);
  sequence.matcher?.push(id);
  sequence.drafter?.push(id);
  sequence.pending = Uint32Array.of(id);

  const { calls, text, tokenizer } = sequence;
  const isTag = calls !== undefined && id === tokenizer.specialId(PYTHON_TAG);
  const piece = isTag ? text.end() : text.push(id, row && toToken(sequence, id, row));
  say(sequence, piece);
  if (piece.stopped) return done(sequence, 'stop');
  if (isTag) tell(sequence, calls.pushPythonTag());
  if (calls?.isFull) return done(sequence, 'stop');
  if (sequence.matcher?.isFinished) return finish(sequence, 'stop'); // the model would have nothing to choose
  return sequence.said.length === sequence.maxTokens && finish(sequence, 'length');
}

/** Lets go of what was withheld, and says why it ended. */
export function finish(sequence: Sequence, reason: 'stop' | 'length'): true {
  const piece = sequence.text.end();
  say(sequence, piece);
  return done(sequence, piece.stopped ? 'stop' : reason);
}

function say(sequence: Sequence, { text, tokens }: { text: string; tokens: readonly TokenLogprob[] }): void {
  const { parts, logprobs, calls, undecided } = sequence;
  if (text === '' && tokens.length === 0) return;
  if (calls) {
    undecided.push(...tokens);
    tell(sequence, calls.push(text));
  } else {
    parts.push({ type: 'text', text, ...(logprobs === undefined ? {} : { tokens }) });
  }
}

/** Text has the tokens that were waiting to be told of, those it shares with a call among them. */
function tell({ parts, logprobs, undecided }: Sequence, told: readonly ReplyPart[]): void {
  for (const part of told) {
    const tokens = undecided.splice(0);
    parts.push(part.type === 'text' && logprobs !== undefined ? { ...part, tokens } : part);
  }
}

function done(sequence: Sequence, reason: 'stop' | 'length'): true {
  const { prompt, said, cachedTokens, parts, calls } = sequence;
  if (calls) tell(sequence, calls.end());
  const usage = { promptTokens: prompt.length, cachedTokens, completionTokens: said.length };
  parts.push({ type: 'done', reason: reason === 'stop' && calls?.hasCalls ? 'tool_calls' : reason, usage });
  return true;
}

function toToken(sequence: Sequence, id: number, { logprob, top }: RowLogprobs): UnplacedToken {
  const likely = (one: RowLogprobs['top'][number]): LikelyToken => ({ ...spell(sequence, one.id), ...one });
  return { ...spell(sequence, id), logprob, top: top.map(likely) };
}

function spell({ tokenizer }: Sequence, id: number): SpelledToken {
  const special = tokenizer.specialName(id);
  if (special !== undefined) return { id, bytes: new Uint8Array(0), special };
  return { id, bytes: id < tokenizer.vocabSize ? tokenizer.bytes(id) : new Uint8Array(0) };
}
