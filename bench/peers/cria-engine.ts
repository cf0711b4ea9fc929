import type { Device } from '../../kernels/kernels.ts';
import type { SequenceCache, Span } from '../../models/llama/model.ts';
import { loadModel } from '../../models/load.ts';
import type { ByteSource } from '../../models/source.ts';
import { fillCache } from './fill-cache.ts';
import { benchPrompt, DECODE_PROMPT } from './prompt.ts';
import type { Question } from './take-commands.ts';

const MAX_ROWS = 128;
const MAX_STREAMS = 8;

/** Sequences that have read their prompts, and the token each goes on with. */
interface Live {
  readonly caches: readonly SequenceCache[];
  next: number[];
}

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

  /** Reads a prompt from position `from` on; the token after it. */
  async function read(cache: SequenceCache, tokens: number, from = 0): Promise<number> {
    const ids = Uint32Array.from(benchPrompt(tokens, vocabSize));
    fillCache(device, cache, from);
    let at = 0;
    for (; tokens - at > MAX_ROWS; at += MAX_ROWS)
      llama.forward([{ cache, ids: ids.subarray(at, at + MAX_ROWS), logits: 'none' }]);
    const [next] = await choose([{ cache, ids: ids.subarray(at), logits: 'last' }]);
    return next!;
  }

  /** Brings as many sequences as there are `streams` to position `at`, the last of it by reading a prompt. */
  async function begin({ at, streams }: Pick<Question, 'at' | 'streams'>): Promise<Live> {
    while (caches.length < streams) caches.push(llama.newCache(context));
    const live: Live = { caches: caches.slice(0, streams), next: [] };
    for (const cache of live.caches) live.next.push(await read(cache, DECODE_PROMPT, at - DECODE_PROMPT));
    return live;
  }

  /** Makes so many tokens of each sequence. Returns the milliseconds they took. */
  async function extend(live: Live, tokens: number): Promise<number> {
    const start = performance.now();
    for (let made = 0; made < tokens; made++)
      live.next = await choose(
        live.caches.map((cache, i) => ({
          cache,
          ids: Uint32Array.of(live.next[i]!),
          logits: 'last' as const,
        })),
      );
    return performance.now() - start;
  }

  return {
    begin,
    extend,

    /** Prompt tokens per second. */
    async prefill({ tokens }: Pick<Question, 'tokens'>): Promise<number> {
      const start = performance.now();
      await read(caches[0]!, tokens);
      return (1000 * tokens) / (performance.now() - start);
    },

    /** Greedy tokens per second, of all streams together. Reading the prompts is not timed. */
    async decode(question: Question): Promise<number> {
      const { tokens, streams } = question;
      return (1000 * tokens * streams) / (await extend(await begin(question), tokens));
    },

    /** A hash of the bits of the logits after a prompt: equal when, and as good as only when, they are. */
    async digest({ tokens }: Pick<Question, 'tokens'>): Promise<number> {
      const cache = caches[0]!;
      cache.length = 0;
      const ids = Uint32Array.from(benchPrompt(tokens, vocabSize));
      llama.forward([{ cache, ids: ids.subarray(0, -1), logits: 'none' }]); // a batch, then a token alone
      const logits = llama.forward([{ cache, ids: ids.subarray(-1), logits: 'last' }]);
      return hash(new Uint8Array((await device.read(logits, 0, vocabSize)).buffer));
    },
  };
}

/** FNV-1a of 32 bits. */
function hash(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193), 0x811c9dc5) >>> 0;
}
