import type { Device } from '../kernels/kernels.ts';
import type { Llama } from '../models/llama/model.ts';
import type { PromptTemplate } from '../models/prompts/prompt.ts';
import type { ToolFormat } from '../models/prompts/tool-format.ts';
import type { Tokenizer } from '../models/tokenizer/tokenizer.ts';
import { createChoose } from './choose.ts';
import { encodePrompt } from './encode-prompt.ts';
import type {
  Completion,
  CompletionRequest,
  CountRequest,
  EmbeddingRequest,
  Embeddings,
  Engine,
  ModelInfo,
  Part,
} from './engine.ts';
import { ContextLengthError, DimensionsError, LogitBiasError, UnknownModelError } from './errors.ts';
import { createScore } from './logprobs.ts';
import { unitVector } from './mean-pool.ts';
import type { RowReaders } from './pass.ts';
import { createReplyMatchers } from './reply-matcher.ts';
import { createScheduler, type Scheduler, type SchedulerLimits } from './scheduler.ts';
import { finish, newEmbedding, newSequence, type Sequence } from './sequence.ts';
import { createStepCost } from './step-cost.ts';
import { offeredTools } from './tool-calls/offered-tools.ts';

export interface LocalEngineLimits extends SchedulerLimits {
  /** Tokens of prompt and reply together; the model's own limit holds beside it. */
  readonly contextLength: number;
}

export interface LocalEngineParts {
  readonly info: ModelInfo;
  readonly llama: Llama;
  readonly device: Device;
  readonly tokenizer: Tokenizer;
  readonly prompt: PromptTemplate;
  /** How the model writes calls. */
  readonly toolFormat: ToolFormat;
  /** "26 Jul 2024", for templates that print the date. */
  readonly today: () => string;
  /** An integer in [0, 2³²): the seed of a request that brings none. */
  readonly random: () => number;
  readonly nowMs: () => number;
  /** Resolves after the event loop has had a turn, so that other requests and timers get theirs. */
  readonly breathe: () => Promise<void>;
  readonly limits: LocalEngineLimits;
  /** Whether a reply may draft its next tokens from what was said before. */
  readonly speculation: boolean;
}

/** Tokens. Others' replies wait no longer than it takes to find so many. */
const COUNTED_AT_ONCE = 4096;

/** An engine over a model in this process. */
export function createLocalEngine(parts: LocalEngineParts): Engine {
  const { info, llama, device, tokenizer, random, nowMs, limits } = parts;
  const context = Math.min(limits.contextLength, llama.contextLength);
  const rows: RowReaders = {
    choose: createChoose(device, llama, tokenizer.vocabSize),
    score: createScore(device, llama.vocabSize, tokenizer.vocabSize),
    readStates: (firstRow, count) => device.read(llama.states, firstRow * llama.dim, count * llama.dim),
  };
  const matchers = createReplyMatchers(tokenizer, parts.toolFormat);
  const scheduler = createScheduler({ llama, rows, limits, nowMs });
  const cost = parts.speculation ? createStepCost() : undefined;
  const encoder = { tokenizer, template: parts.prompt, today: parts.today, vocabSize: llama.vocabSize };

  function admit({ model }: { readonly model: string }, signal: AbortSignal): void {
    signal.throwIfAborted();
    if (model !== info.id) throw new UnknownModelError(model, [info.id]);
  }

  async function start(request: CompletionRequest, signal: AbortSignal): Promise<Completion> {
    admit(request, signal);
    const { sampling, logprobs, echo } = request;
    for (const id of sampling.logitBias?.keys() ?? [])
      if (id >= tokenizer.vocabSize) throw new LogitBiasError(id, tokenizer.vocabSize);

    const offered = offeredTools(request);
    const prompt = encodePrompt(request.prompt, offered.told, encoder);
    const room = context - prompt.length;
    const maxTokens = request.maxTokens ?? room;
    if (room < (request.maxTokens ?? 1))
      throw new ContextLengthError(prompt.length, request.maxTokens, context);

    const matcher = matchers.matcher(request.format, offered);
    const sequence = newSequence({
      prompt,
      maxTokens,
      priority: request.priority,
      sampling,
      seed: sampling.seed ?? random(),
      stop: request.stop,
      logprobs,
      echo,
      tools: offered.callable.map(({ tool }) => tool),
      parallelToolCalls: offered.isParallel,
      tokenizer,
      nowMs: nowMs(),
      cost,
      matcher,
    });
    const isComputed = maxTokens > 0 || sequence.echo !== undefined;
    if (isComputed) scheduler.enter(sequence);
    else {
      finish(sequence, 'length');
      sequence.state = 'ended';
    }

    const replyParts = readable(sequence, scheduler, signal, parts);
    const times = () => ({
      enteredAtMs: sequence.enteredAtMs,
      startedAtMs: sequence.admittedAtMs,
      firstTokenAtMs: sequence.firstTokenAtMs,
    });
    return { model: info.id, promptTokens: prompt.length, parts: replyParts, times };
  }

  async function embed(request: EmbeddingRequest, signal: AbortSignal): Promise<Embeddings> {
    admit(request, signal);
    const { dimensions = llama.dim } = request;
    if (dimensions > llama.dim) throw new DimensionsError(dimensions, llama.dim);

    const inputs = request.inputs.map((input) => encodePrompt(input, [], encoder));
    for (const { length } of inputs) if (length > context) throw new ContextLengthError(length, 0, context);

    const { priority } = request;
    const sequence = newEmbedding({ inputs, dim: llama.dim, priority, tokenizer, nowMs: nowMs() });
    scheduler.enter(sequence);
    for await (const _ of readable(sequence, scheduler, signal, parts)); // it says nothing
    const vectors = sequence.pool!.means.map((mean) => unitVector(mean, dimensions));
    return { vectors, promptTokens: sequence.prompt.length };
  }

  async function countTokens(request: CountRequest, signal: AbortSignal): Promise<number[]> {
    const counts: number[] = [];
    let sinceBreath = 0;
    for (const input of request.inputs) {
      admit(request, signal);
      const { length } = encodePrompt(input, [], encoder);
      counts.push(length);
      sinceBreath += length;
      if (sinceBreath < COUNTED_AT_ONCE) continue;
      sinceBreath = 0;
      await parts.breathe();
    }
    return counts;
  }

  return {
    models: () => [info],
    stats: () => ({
      state: 'ready',
      load: { bytes: 0, totalBytes: 0 }, // it was read before
      running: scheduler.running,
      waiting: scheduler.waiting,
      ...scheduler.counts,
      deviceBytes: device.bytesInUse,
      cachePositions: scheduler.positions,
      cacheCapacity: limits.running * context,
    }),
    prepare: async () => {},
    start,
    embed,
    countTokens,
  };
}

/**
 * A sequence's parts as its reader sees them. Asking for one drives the scheduler, for everyone; leaving, before the
 * first part or between any two, or the signal's abort, gives the sequence's place and memory back at once.
 */
function readable(
  sequence: Sequence,
  scheduler: Scheduler,
  signal: AbortSignal,
  { nowMs, breathe }: Pick<LocalEngineParts, 'nowMs' | 'breathe'>,
): AsyncIterable<Part> {
  const leave = () => {
    signal.removeEventListener('abort', leave);
    scheduler.leave(sequence);
  };
  signal.addEventListener('abort', leave);

  async function* read(): AsyncGenerator<Part, void> {
    try {
      for (;;) {
        signal.throwIfAborted();
        sequence.askedAtMs = nowMs();

        const part = sequence.parts.shift();
        if (part) {
          yield part;
          continue;
        }
        if (sequence.failure) throw sequence.failure.error;
        if (sequence.state === 'ended') return;

        await scheduler.step();
        sequence.askedAtMs = nowMs(); // a long step is not the reader's silence
        await breathe();
        if (sequence.said.length > 0) sequence.firstTokenAtMs ??= nowMs();
        scheduler.measure();
      }
    } finally {
      leave();
    }
  }

  const reading = read();
  const iterator: AsyncIterator<Part, void> = {
    next: () => reading.next(),
    return: () => {
      leave(); // a generator that was never started would not run its `finally`, one that waits would run it late
      return reading.return();
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
