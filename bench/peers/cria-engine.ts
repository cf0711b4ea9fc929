import type { Device } from '../../kernels/kernels.ts';
import type { Span } from '../../models/llama/model.ts';
import { loadModel } from '../../models/load.ts';
import type { ByteSource } from '../../models/source.ts';
import { benchPrompt, DECODE_PROMPT, type Question } from './take-commands.ts';

const MAX_ROWS = 128;
const MAX_STREAMS = 8;

/** Our engine without HTTP, in Node or in a page: the forward pass and the choice of a token. */
export async function openCriaEngine(device: Device, source: ByteSource, context: number) {
  const { llama } = await loadModel(device, source, {
    template: 'base',
    kvType: 'f16',
    maxRows: MAX_ROWS,
    maxLogitRows: MAX_STREAMS,
    contextLength: context,
  });
  const { vocabSize } = llama;
  const caches = [llama.newCache(context)];

  /** One pass; the greedy token of each span. */
  async function choose(spans: readonly Span[]): Promise<number[]> {
    const logits = llama.forward(spans);
    const best = [];
    for (let row = 0; row < spans.length; row++)
      best.push((await device.topK(logits, row, vocabSize, 1)).ids[0]!);
    return best;
  }

  /** Reads a prompt into an empty cache; the token after it. */
  async function read(cache: Span['cache'], tokens: number): Promise<number> {
    const ids = Uint32Array.from(benchPrompt(tokens, vocabSize));
    cache.length = 0;
    let at = 0;
    for (; tokens - at > MAX_ROWS; at += MAX_ROWS)
      llama.forward([{ cache, ids: ids.subarray(at, at + MAX_ROWS), logits: 'none' }]);
    const [next] = await choose([{ cache, ids: ids.subarray(at), logits: 'last' }]);
    return next!;
  }

  return {
    /** Prompt tokens per second. */
    async prefill({ tokens }: Pick<Question, 'tokens'>): Promise<number> {
      const start = performance.now();
      await read(caches[0]!, tokens);
      return (1000 * tokens) / (performance.now() - start);
    },

    /** Greedy tokens per second after a prompt, of all streams together. Reading the prompt is not timed. */
    async decode({ tokens, streams }: Pick<Question, 'tokens' | 'streams'>): Promise<number> {
      while (caches.length < streams) caches.push(llama.newCache(context));
      const live = caches.slice(0, streams);
      let next: number[] = [];
      for (const cache of live) next.push(await read(cache, DECODE_PROMPT));

      const start = performance.now();
      for (let made = 0; made < tokens; made++)
        next = await choose(
          live.map((cache, i) => ({ cache, ids: Uint32Array.of(next[i]!), logits: 'last' as const })),
        );
      return (1000 * tokens * streams) / (performance.now() - start);
    },
  };
}
