import type {
  Completion,
  CompletionRequest,
  EmbeddingRequest,
  Engine,
  EngineStats,
  ModelInfo,
  Part,
  Prompt,
  Usage,
} from '../../engine/engine.ts';
import { UnknownModelError } from '../../engine/errors.ts';

/** One thing the engine does: say a piece of text, or any part; wait for a promise; or fail. */
export type Step = string | Part | Promise<unknown> | Error;

export interface Script {
  readonly steps: readonly Step[];
  /** Of the first request, the second, and so on; `steps` are those of the rest. */
  readonly each: readonly (readonly Step[])[];
  readonly reason: 'stop' | 'length' | 'tool_calls';
  readonly usage: Usage;
  /** What `start` throws instead of answering, once `room` requests are in. */
  readonly refusal: Error | ((request: CompletionRequest) => Error | undefined) | undefined;
  readonly room: number;
  readonly models: readonly ModelInfo[];
  readonly stats: Partial<EngineStats>;
}

export interface ScriptedEngine extends Engine {
  readonly requests: readonly CompletionRequest[];
  readonly embedded: readonly EmbeddingRequest[];
  readonly signals: readonly AbortSignal[];
  /** How many steps of all replies were reached: a lazy reader keeps it low. */
  readonly stepsReached: number;
  /** How many replies were left before their end. */
  readonly abandoned: number;
  /** How often it was told to get ready. */
  readonly prepared: number;
}

export const SCRIPTED_MODEL: ModelInfo = {
  id: 'meta-llama/Llama-3.2-1B-Instruct',
  created: 1_727_222_400,
  ownedBy: 'meta-llama',
  contextLength: 131_072,
  licence: 'llama3.2',
};

/** Every input's. */
export const VECTOR = Float32Array.of(0.5, -0.5, 0.1, 0.7);

/** An engine that says what it is told, one step for each part that is asked for. */
export function scriptedEngine(script: Partial<Script> = {}): ScriptedEngine {
  const {
    steps = ['Hello', ' world'],
    each = [],
    reason = 'stop',
    refusal,
    room = 0,
    models = [SCRIPTED_MODEL],
  } = script;
  const usage = script.usage ?? { promptTokens: 5, cachedTokens: 0, completionTokens: 2 };
  const requests: CompletionRequest[] = [];
  const embedded: EmbeddingRequest[] = [];
  const signals: AbortSignal[] = [];
  let stepsReached = 0;
  let abandoned = 0;
  let prepared = 0;

  async function* reply(steps: readonly Step[], signal: AbortSignal): AsyncGenerator<Part, void> {
    let whole = false;
    try {
      for (const step of steps) {
        signal.throwIfAborted();
        stepsReached++;
        if (step instanceof Error) throw step;
        if (typeof step === 'string') yield { type: 'text', text: step };
        else if ('type' in step) yield step;
        else await Promise.race([step, aborted(signal)]);
      }
      whole = true;
      yield { type: 'done', reason, usage };
    } finally {
      if (!whole) abandoned++;
    }
  }

  function admit(model: string): void {
    const ids = models.map(({ id }) => id);
    if (!ids.includes(model)) throw new UnknownModelError(model, ids);
    if (refusal !== undefined && requests.length >= room) throw refusal;
  }

  return {
    requests,
    embedded,
    signals,
    get stepsReached() {
      return stepsReached;
    },
    get abandoned() {
      return abandoned;
    },
    get prepared() {
      return prepared;
    },
    models: () => models,
    stats: () => ({
      state: 'ready',
      load: { bytes: 0, totalBytes: 0 },
      running: 0,
      waiting: 0,
      promptTokens: 0,
      completionTokens: 0,
      prefixQueries: 0,
      prefixHits: 0,
      requests: requests.length,
      rejected: 0,
      aborted: abandoned,
      failed: 0,
      steps: 0,
      draftTokens: 0,
      acceptedTokens: 0,
      deviceBytes: 0,
      cachePositions: 0,
      cacheCapacity: 0,
      ...script.stats,
    }),
    async prepare() {
      prepared++;
    },
    async embed(request) {
      admit(request.model);
      embedded.push(request);
      const { dimensions = VECTOR.length } = request;
      const vectors = request.inputs.map(() => VECTOR.slice(0, dimensions));
      return { vectors, promptTokens: 3 * vectors.length };
    },
    /** A token is four characters of what is said. */
    async countTokens({ model, inputs }) {
      admit(model);
      return inputs.map((input) => Math.ceil(lengthOf(input) / 4));
    },
    async start(request, signal): Promise<Completion> {
      const ids = models.map(({ id }) => id);
      if (!ids.includes(request.model)) throw new UnknownModelError(request.model, ids);
      const refused = typeof refusal === 'function' ? refusal(request) : refusal;
      if (refused !== undefined && requests.length >= room) throw refused;

      const own = each[requests.length] ?? steps;
      requests.push(request);
      signals.push(signal);
      return { model: request.model, promptTokens: usage.promptTokens, parts: reply(own, signal) };
    },
  };
}

function lengthOf(prompt: Prompt): number {
  if (prompt.type === 'tokens') return prompt.ids.length * 4;
  if (prompt.type === 'text') return prompt.text.length;
  return prompt.messages.reduce((sum, { content }) => sum + content.length, 0);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
