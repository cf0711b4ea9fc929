import type { CompletionRequest, Engine, Part, Prompt } from '../../engine/engine.ts';

/** Takes tokens of a request's caller. Throws RateLimitError. What it returns is called with those that were used. */
export type Reserve = (tokens: number) => Promise<(used: number) => Promise<void>>;

/** Reserved for a reply whose length the request does not bound: a longer one is taken from what comes later. */
const USUAL_REPLY = 1024;
const BYTES_PER_TOKEN = 4; // of English, about

/** So many tokens a text has, about, where counting them would cost more than it tells. */
export const roughTokens = (text: string): number => Math.ceil(text.length / BYTES_PER_TOKEN);

/**
 * An engine whose tokens are counted: those of the prompt, which the choices of one request share, and the most that the
 * reply may have are reserved before anything is computed, and corrected when it is known how many there were.
 */
export function meteredEngine(engine: Engine, reserve: Reserve): Engine {
  const seen = new Set<Prompt>();

  async function readAnew({ model, prompt }: CompletionRequest, signal: AbortSignal): Promise<number> {
    if (seen.has(prompt)) return 0;
    seen.add(prompt);
    const [tokens] = await engine.countTokens({ model, inputs: [prompt] }, signal);
    return tokens!;
  }

  return {
    ...engine,
    async start(request, signal) {
      const promptTokens = await readAnew(request, signal);
      const context = engine.models().find(({ id }) => id === request.model)?.contextLength ?? 0;
      const reply = request.maxTokens ?? Math.min(USUAL_REPLY, Math.max(0, context - promptTokens));
      const settle = await reserve(promptTokens + reply);
      try {
        const completion = await engine.start(request, signal);
        const isShared = promptTokens === 0;
        return {
          ...completion,
          parts: metered(completion.parts, { promptTokens, isShared, settle, signal }),
        };
      } catch (error) {
        await settle(0);
        throw error;
      }
    },
    async embed(request, signal) {
      const counts = await engine.countTokens(request, signal);
      const settle = await reserve(counts.reduce((sum, count) => sum + count, 0));
      try {
        const embeddings = await engine.embed(request, signal);
        await settle(embeddings.promptTokens);
        return embeddings;
      } catch (error) {
        await settle(0);
        throw error;
      }
    },
  };
}

interface MeteredOptions {
  readonly promptTokens: number;
  /** Another choice pays for the prompt. */
  readonly isShared: boolean;
  readonly settle: (used: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** A reply that is left is taken for as long as what was said of it. */
function metered(
  parts: AsyncIterable<Part>,
  { promptTokens, isShared, settle, signal }: MeteredOptions,
): AsyncIterable<Part> {
  let said = 0;
  let used: number | undefined;
  let isSettled = false;
  async function end(): Promise<void> {
    if (isSettled) return;
    isSettled = true;
    await settle(used ?? promptTokens + said);
  }
  signal.addEventListener('abort', () => void end(), { once: true }); // its parts may never be asked for

  return (async function* () {
    try {
      for await (const part of parts) {
        if (part.type === 'done')
          used = (isShared ? 0 : part.usage.promptTokens) + part.usage.completionTokens;
        else said += roughTokens(part.type === 'tool_call' ? part.name : part.text);
        yield part;
      }
    } finally {
      await end();
    }
  })();
}
