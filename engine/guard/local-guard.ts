import type { Buf, Device } from '../../kernels/kernels.ts';
import type { Llama, SequenceCache } from '../../models/llama/model.ts';
import { type GuardFormat, type GuardTurn, guard3Prompt, toGuardTurns } from '../../models/prompts/guard3.ts';
import type { Tokenizer } from '../../models/tokenizer/tokenizer.ts';
import { BusyError, ContextLengthError, LogitsError } from '../errors.ts';
import { createPrefixCache } from '../prefix-cache.ts';
import type { Guard, GuardInfo, GuardPolicy, JudgeRequest, Verdict } from './guard.ts';
import { createListCategories } from './list-categories.ts';
import { guardWords } from './vocabulary.ts';
import { toWindows } from './windows.ts';

export interface GuardLimits {
  /** Tokens of one window, prompt and answer; the model's own limit holds beside it. */
  readonly windowTokens: number;
  /** Most windows of one judgement. */
  readonly windows: number;
  /** Judgements that compute at once; each has a cache. */
  readonly running: number;
  /** Judgements that wait. */
  readonly waiting: number;
  /** Device memory for what earlier judgements have computed: every prompt begins with the same categories. */
  readonly prefixCacheBytes: number;
}

export interface LocalGuardParts {
  readonly info: GuardInfo;
  readonly format: GuardFormat;
  /** Its output matrix has the rows of `guardWords` alone. */
  readonly llama: Llama;
  readonly device: Device;
  readonly tokenizer: Tokenizer;
  /** Resolves after the event loop has had a turn: between two passes the model that is guarded gets its own. */
  readonly breathe: () => Promise<void>;
  /** Between two looks at whether a place came free. */
  readonly pause: () => Promise<void>;
  readonly limits: GuardLimits;
}

export interface LocalGuard extends Guard {
  /** The likeliest first token of an answer to these turns; a sound Guard's is a blank line. */
  firstToken(turns: readonly GuardTurn[], signal: AbortSignal): Promise<number>;
}

/** What was read of one window. */
type WindowVerdict = Pick<Verdict, 'flagged' | 'reason' | 'score' | 'categories' | 'categoryScores'>;

const ANSWER_TOKENS = 64; // "unsafe", and a list of 14 codes in their longest spelling, which is 59
const LEAST_ROOM = 64; // tokens for the conversation

/**
 * A Guard over a model in this process. Who asks drives its own judgement, pass by pass, as it must in workerd, where no
 * request may wait for another's promise.
 *
 * Throws   UnfitGuardError when the vocabulary lacks the words of a verdict
 */
export function createLocalGuard(parts: LocalGuardParts): LocalGuard {
  const { info, format, llama, device, tokenizer, breathe, pause, limits } = parts;
  const words = guardWords(tokenizer, format);
  const { vocabulary } = words;
  if (llama.vocabSize !== vocabulary.length)
    throw new RangeError(`the guard's head has ${llama.vocabSize} rows, not ${vocabulary.length}`);
  const [safeRow, unsafeRow] = [vocabulary.indexOf(words.safe), vocabulary.indexOf(words.unsafe)];
  const listCategories = createListCategories(tokenizer, vocabulary, format.categories);
  const prefixCache = createPrefixCache(llama, limits.prefixCacheBytes);
  const windowTokens = Math.min(limits.windowTokens, llama.contextLength);
  const none = Object.fromEntries(format.categories.map(({ code }) => [code, 0]));
  let running = 0;
  let waiting = 0;

  const encode = (turns: readonly GuardTurn[], excluded: readonly string[]) =>
    tokenizer.encodeSegments(guard3Prompt(turns, { format, excluded }));
  const count = (role: GuardTurn['role'], text: string) => tokenizer.encode(`${role}: ${text}\n\n`).length;

  /** Runs tokens through the model in chunks. Returns the logits after the last. */
  async function read(cache: SequenceCache, ids: Uint32Array, signal: AbortSignal): Promise<Float32Array> {
    for (let at = 0; ; ) {
      signal.throwIfAborted();
      const chunk = ids.subarray(at, at + llama.maxRows);
      at += chunk.length;
      const isLast = at === ids.length;
      const logits = llama.forward([{ cache, ids: chunk, logits: isLast ? 'last' : 'none' }]);
      const row = isLast ? await readRow(logits) : undefined; // asked for at once: another judgement's pass comes after
      await breathe();
      if (row) return row;
    }
  }

  const readRow = (logits: Buf) =>
    device.gather(
      logits,
      0,
      vocabulary.length,
      vocabulary.map((_, row) => row),
    );

  /** Reads a prompt, and does something with the logits after it and with the cache, which is given back then. */
  async function withPrompt<T>(
    ids: Uint32Array,
    signal: AbortSignal,
    use: (row: Float32Array, cache: SequenceCache) => Promise<T>,
  ): Promise<T> {
    const cache = prefixCache.newCache(ids, ids.length + ANSWER_TOKENS, []);
    try {
      const row = await read(cache, ids.subarray(cache.length), signal);
      prefixCache.keep({ ids, cache });
      return await use(row, cache);
    } finally {
      llama.freeCache(cache);
    }
  }

  function judgeWindow(ids: Uint32Array, request: JudgeRequest, signal: AbortSignal): Promise<WindowVerdict> {
    return withPrompt(ids, signal, async (row, cache) => {
      const { policy, scores } = request;
      const { score, isUnknown } = verdictOf(row, words, { safeRow, unsafeRow });
      if (isUnknown) {
        const flagged = policy.onUnknown === 'unsafe';
        return { flagged, reason: 'unknown', score, categories: [], categoryScores: none };
      }
      const isUnsafe = score >= policy.threshold;
      if (!isUnsafe && !scores) return { ...SAFE, score, categoryScores: none };

      const listed = await listCategories([words.unsafe, words.newline], !isUnsafe, (more) =>
        read(cache, Uint32Array.from(more), signal),
      );
      const categoryScores = Object.fromEntries(
        Object.entries(listed.chances).map(([code, chance]) => [code, chance * score]),
      );
      return { score, categoryScores, ...decide(isUnsafe, listed.codes, policy) };
    });
  }

  async function judge(request: JudgeRequest, signal: AbortSignal): Promise<Verdict> {
    const turns = toGuardTurns(request.messages);
    if (turns.every(({ texts }) => texts.every((text) => text.trim() === '')))
      return { ...SAFE, reason: 'empty', score: 0, categoryScores: none, windows: 0, promptTokens: 0 };

    const prompts = toPrompts(turns, request.policy.excluded);
    let verdict: Verdict = { ...SAFE, score: 0, categoryScores: none, windows: 0, promptTokens: 0 };
    for (const ids of prompts) {
      verdict = together(verdict, await judgeWindow(ids, request, signal), ids.length);
      if (verdict.flagged) break;
    }
    return verdict;
  }

  /** The prompt of each window, with the blank line that Guard begins its answers with. */
  function toPrompts(turns: readonly GuardTurn[], excluded: readonly string[]): Uint32Array[] {
    const fixed = encode([{ role: 'Agent', texts: [] }], excluded).length + 1;
    const room = windowTokens - fixed - ANSWER_TOKENS;
    if (room < LEAST_ROOM) throw new ContextLengthError(fixed + LEAST_ROOM, ANSWER_TOKENS, windowTokens);
    const windows = toWindows(turns, { room, count });
    if (windows.length > limits.windows)
      throw new ContextLengthError(windows.length * room, undefined, limits.windows * room);
    return windows.map((window) => Uint32Array.of(...encode(window, excluded), words.blankLine));
  }

  /** Waits for a place, by looking. */
  async function inPlace<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (running >= limits.running && waiting >= limits.waiting) throw new BusyError(waiting, 1);
    waiting++;
    try {
      while (running >= limits.running) {
        signal.throwIfAborted();
        await pause();
      }
      running++;
    } finally {
      waiting--;
    }
    try {
      return await work();
    } finally {
      running--;
    }
  }

  return {
    info,
    state: 'ready',
    load: { bytes: 0, totalBytes: 0 }, // it was read before
    prepare: async () => {},
    judge: (request, signal) => inPlace(signal, () => judge(request, signal)),
    firstToken: (turns, signal) =>
      withPrompt(encode(turns, []), signal, async (row) => vocabulary[row.indexOf(Math.max(...row))]!),
  };
}

const SAFE = { flagged: false, reason: 'safe', categories: [] } as const;

/**
 *     P(unsafe) = σ(z[unsafe] - z[safe])
 *
 * The answer is unknown when a third token is likelier than both.
 */
function verdictOf(
  row: Float32Array,
  words: { readonly safe: number; readonly unsafe: number },
  { safeRow, unsafeRow }: { readonly safeRow: number; readonly unsafeRow: number },
): { score: number; isUnknown: boolean } {
  const [safe, unsafe] = [row[safeRow]!, row[unsafeRow]!];
  if (!Number.isFinite(safe)) throw new LogitsError(words.safe, safe);
  if (!Number.isFinite(unsafe)) throw new LogitsError(words.unsafe, unsafe);
  return {
    score: 1 / (1 + Math.exp(safe - unsafe)),
    isUnknown: row.some((logit) => logit > Math.max(safe, unsafe)),
  };
}

function decide(
  isUnsafe: boolean,
  codes: readonly string[],
  { excluded }: GuardPolicy,
): Pick<Verdict, 'flagged' | 'reason' | 'categories'> {
  if (!isUnsafe) return SAFE;
  const categories = codes.filter((code) => !excluded.includes(code));
  return categories.length === 0
    ? { flagged: false, reason: 'excluded', categories }
    : { flagged: true, reason: 'unsafe', categories };
}

/** Of all windows so far and the next: the most of each score, and what there is to say about the worst. */
function together(before: Verdict, next: WindowVerdict, promptTokens: number): Verdict {
  const worst =
    before.windows === 0 || WORSE.indexOf(next.reason) > WORSE.indexOf(before.reason) ? next : before;
  const categoryScores = Object.fromEntries(
    Object.entries(next.categoryScores).map(([code, score]) => [
      code,
      Math.max(score, before.categoryScores[code] ?? 0),
    ]),
  );
  return {
    flagged: next.flagged,
    reason: worst.reason,
    categories: worst.categories,
    score: Math.max(before.score, next.score),
    categoryScores,
    windows: before.windows + 1,
    promptTokens: before.promptTokens + promptTokens,
  };
}

const WORSE = ['empty', 'safe', 'excluded', 'unknown', 'unsafe'];
