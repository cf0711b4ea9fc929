/**
 * What a smaller cache costs in quality: the perplexity of two texts under SmolLM2, for each type of cache. The weights
 * are written out as f32 first, since next to int8 activations the cache's own rounding would not be seen.
 *
 *     node bench/cache-perplexity.ts
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KvType } from '../kernels/kernels.ts';
import { AGREEMENT_TEXT } from '../tests/support/agreement.ts';
import { smollm2Path } from '../tests/support/smollm2.ts';
import { dequantiseGguf } from './dequantise-gguf.ts';
import { openCria } from './peers/cria-predictor.ts';

const TOKENS = 1536; // of a text, at most
const TYPES: readonly KvType[] = ['f16', 'q8'];
const TEXTS = {
  'a story': AGREEMENT_TEXT,
  'the licence': await readFile(new URL('../LICENSE', import.meta.url), 'utf8'),
};

/** exp of the mean of -ln p, over all tokens but the first. */
async function perplexity(model: string, type: KvType, text: string): Promise<number> {
  const cria = await openCria(model, TOKENS, type);
  const scores = await cria.score(cria.tokenize([{ text }]).subarray(0, TOKENS));
  await cria.close();
  return Math.exp(-scores.reduce((sum, { logProb }) => sum + logProb, 0) / scores.length);
}

const folder = await mkdtemp(join(tmpdir(), 'cria-perplexity-'));
try {
  const plain = join(folder, 'f32.gguf');
  await dequantiseGguf(smollm2Path(), plain);
  console.log('| text | cache | perplexity | against f16 |\n| --- | --- | --- | --- |');
  for (const [name, text] of Object.entries(TEXTS)) {
    let first: number | undefined;
    for (const type of TYPES) {
      const value = await perplexity(plain, type, text);
      first ??= value;
      console.log(
        `| ${name} | ${type} | ${value.toFixed(4)} | ${(100 * (value / first - 1)).toFixed(3)} % |`,
      );
    }
  }
} finally {
  await rm(folder, { recursive: true });
}
