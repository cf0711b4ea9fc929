/**
 * Makes a GGUF file with Llama 3.2 1B's exact shape and random weights, to time engines on without the gated download.
 *
 *     node bench/make-random-gguf.ts [q4_0 | q4_k | q8_0] [--embedding=q6_k]
 */
import { existsSync, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { criaHome } from '../models/cli/home.ts';
import type { PlacedTensor } from '../tests/support/gguf-writer.ts';
import { LLAMA_1B, llama1bLayout } from './llama-1b-layout.ts';
import { type RandomType, randomBlocks } from './random-blocks.ts';

export interface RandomGgufOptions {
  readonly type: 'q4_0' | 'q4_k' | 'q8_0';
  /** Of the embedding, which is also the output head. llama.cpp's own 4-bit files keep it in q6_k. */
  readonly embedding: RandomType;
  readonly onProgress?: (bytes: number, ofBytes: number) => void;
}

/** Prime, and more than the vocabulary has rows: tiles of it start every row elsewhere, so no two rows are equal. */
const POOL_BLOCKS = 131_101;
/** Each tensor starts elsewhere in the pool too, so that no two are alike. */
const TENSOR_STRIDE = 7_919;

/** Where the file of these options lies in the cache. */
export function randomGgufPath({ type, embedding }: RandomGgufOptions): string {
  return join(criaHome(process.env), 'bench', `random-llama-1b-${type}-embedding-${embedding}.gguf`);
}

/** Writes the file unless it is there already. The same options give the same bytes. */
export async function makeRandomGguf(path: string, options: RandomGgufOptions): Promise<void> {
  const layout = llama1bLayout(options.type, options.embedding);
  if (existsSync(path) && statSync(path).size === layout.size) return;

  const pools = new Map<RandomType, Uint8Array>();
  for (const type of new Set([options.type, options.embedding]))
    pools.set(type, randomBlocks(type, POOL_BLOCKS, 1));

  await mkdir(dirname(path), { recursive: true });
  const file = await open(`${path}.part`, 'w');
  try {
    await file.write(layout.header, 0, layout.header.length, 0);
    for (const [i, tensor] of layout.tensors.entries()) {
      const pool = pools.get(tensor.name === 'token_embd.weight' ? options.embedding : options.type)!;
      if (tensor.name === 'rope_freqs.weight')
        await file.write(bytesOf(ropeDivisors()), 0, tensor.bytes, tensor.offset);
      else if (tensor.name.endsWith('_norm.weight'))
        await file.write(ones(tensor.bytes), 0, tensor.bytes, tensor.offset);
      else await tile(file, tensor, pool, (i * TENSOR_STRIDE) % POOL_BLOCKS);
      options.onProgress?.(tensor.offset + tensor.bytes, layout.size);
    }
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
}

/** Fills a tensor with the pool over and over, from one of its blocks on. */
async function tile(
  file: FileHandle,
  tensor: PlacedTensor,
  pool: Uint8Array,
  firstBlock: number,
): Promise<void> {
  let from = firstBlock * (pool.length / POOL_BLOCKS);
  for (let done = 0; done < tensor.bytes; from = 0) {
    const length = Math.min(pool.length - from, tensor.bytes - done);
    await file.write(pool, from, length, tensor.offset + done);
    done += length;
  }
}

const bytesOf = (numbers: Float32Array) => new Uint8Array(numbers.buffer);
const ones = (bytes: number) => bytesOf(new Float32Array(bytes / 4).fill(1));

/** Llama 3.2's RoPE scaling, as GGUF carries it: what each pair's frequency is divided by. */
function ropeDivisors(): Float32Array {
  const [factor, low, high, original] = [32, 1, 4, 8192];
  return Float32Array.from({ length: LLAMA_1B.headDim / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * LLAMA_1B.ropeTheta ** ((2 * i) / LLAMA_1B.headDim);
    const keep = Math.min(1, Math.max(0, (original / wavelength - low) / (high - low)));
    return 1 / ((1 - keep) / factor + keep);
  });
}

function parse(): RandomGgufOptions {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { embedding: { type: 'string', default: 'q6_k' } },
  });
  const type = positionals[0] ?? 'q4_0';
  const { embedding } = values;
  if (type !== 'q4_0' && type !== 'q4_k' && type !== 'q8_0')
    throw new RangeError(`no random weights of type ${type}: choose q4_0, q4_k or q8_0`);
  if (embedding !== 'q6_k' && embedding !== type)
    throw new RangeError(`the embedding is q6_k or ${type}, not ${embedding}`);
  return { type, embedding };
}

if (import.meta.main) {
  const options = parse();
  const path = randomGgufPath(options);
  await makeRandomGguf(path, {
    ...options,
    onProgress: (bytes, of) =>
      process.stderr.write(`\r${Math.floor((100 * bytes) / of)} % of ${Math.round(of / 1e6)} MB`),
  });
  process.stderr.write('\n');
  console.log(path);
}
