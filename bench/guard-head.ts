/**
 * What an output matrix of the tokens that Guard can say saves, on Llama 3.2 1B's shape with random weights.
 *
 *     node bench/guard-head.ts
 */
import { guardWords } from '../engine/guard/vocabulary.ts';
import { createNodeDevice } from '../lambda/device.ts';
import { openFileSource } from '../models/cli/file-source.ts';
import { loadModel } from '../models/load.ts';
import { GUARD_FORMATS } from '../models/prompts/guard3.ts';
import { makeRandomGguf, randomGgufPath } from './make-random-gguf.ts';

const ROUNDS = 15;
const PAST = 256; // tokens before the row that is timed: a short question and the categories
const options = { type: 'q4_0', embedding: 'q6_k' } as const;
const path = randomGgufPath(options);
await makeRandomGguf(path, options);

async function setup(isCut: boolean) {
  const device = createNodeDevice(1);
  await using source = await openFileSource(path);
  const { llama } = await loadModel(device, source, {
    template: 'base',
    kvType: 'f16',
    maxRows: 48,
    maxLogitRows: 1,
    contextLength: 512,
    ...(isCut && {
      vocabulary: (tokenizer) => guardWords(tokenizer, GUARD_FORMATS['guard3-1b']).vocabulary,
    }),
  });
  const cache = llama.newCache(512);
  for (let read = 0; read < PAST; read += 32)
    llama.forward([{ cache, ids: Uint32Array.from({ length: 32 }, (_, i) => read + i), logits: 'none' }]);
  async function passMs(): Promise<number> {
    cache.length = PAST;
    const startedAt = performance.now();
    const logits = llama.forward([{ cache, ids: Uint32Array.of(271), logits: 'last' }]);
    await device.gather(logits, 0, llama.vocabSize, [0]);
    return performance.now() - startedAt;
  }
  return { rows: llama.vocabSize, bytes: device.bytesInUse, passMs };
}

const sides = [await setup(false), await setup(true)].map((side) => ({ ...side, ms: [] as number[] }));
for (let round = 0; round < ROUNDS; round++) for (const side of sides) side.ms.push(await side.passMs());
for (const { rows, bytes, ms } of sides) {
  const sorted = ms.toSorted((a, b) => a - b);
  const of = (share: number) => sorted[Math.floor(share * (ROUNDS - 1))]!.toFixed(1);
  console.log(`| ${rows} | ${(bytes / 1e6).toFixed(1)} MB | ${of(0.5)} ms (${of(0)} to ${of(1)}) |`);
}
