/** Our forward pass against Hugging Face transformers: logits of tiny random Llamas in every weight format. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Device, KvType } from '../../../kernels/kernels.ts';
import { readGguf } from '../../../models/gguf/gguf.ts';
import { createLlama } from '../../../models/llama/forward.ts';
import { loadGgufWeights } from '../../../models/llama/gguf.ts';
import type { Llama } from '../../../models/llama/model.ts';
import { llama3Divisors } from '../../../models/llama/rope.ts';
import { bufferSource } from '../../../models/sources/buffer-source.ts';
import { fast, ref, relaxed, threaded } from '../../support/backends.ts';
import { nmse } from '../../support/numbers.ts';
import { type GoldenRows, TINY_VOCAB, tinyLlama, tinyLlamas, tinyLong } from '../../support/tiny-llama.ts';

const MAX_NMSE_REF = 1e-10; // f64 sums kept in f32, against float64 throughout
const MAX_NMSE = { f32: 1e-6, int8: 1e-3, q8: 1e-3 } as const; // an f16 cache; int8 activations; a q8 cache
const OPTIONS = { maxRows: 64, maxLogitRows: 64, contextLength: 131_072, kvType: 'f16' } as const;
const floats = ['f32', 'f16', 'bf16'];

async function load(
  device: Device,
  path: string,
  kvType: KvType = 'f16',
  patch?: (g: Gguf) => Gguf,
  file: Uint8Array = readFileSync(path),
): Promise<Llama> {
  const source = bufferSource(path, file);
  const read = await readGguf(source);
  const { config, weights } = await loadGgufWeights(device, source, patch?.(read) ?? read, () => {});
  return createLlama(device, config, weights, { ...OPTIONS, kvType });
}
type Gguf = Awaited<ReturnType<typeof readGguf>>;

/** Feeds `ids` in chunks and gathers the logits of the golden positions. */
async function run(device: Device, llama: Llama, golden: GoldenRows, chunks: number): Promise<Float32Array> {
  const wanted = golden.positions.filter((p) => p < golden.ids.length);
  const cache = llama.newCache(golden.ids.length);
  const out = new Float32Array(wanted.length * TINY_VOCAB);
  for (let at = 0; at < golden.ids.length; at += chunks) {
    const ids = golden.ids.subarray(at, at + chunks);
    const hits = wanted.filter((p) => p >= at && p < at + ids.length);
    const logits = llama.forward([{ cache, ids, logits: hits.length > 0 ? 'all' : 'none' }]);
    for (const p of hits)
      out.set(await device.read(logits, (p - at) * TINY_VOCAB, TINY_VOCAB), wanted.indexOf(p) * TINY_VOCAB);
  }
  return out;
}

test.each(tinyLlamas)("ref gives transformers' logits: $name", async ({ path, short }) => {
  const device = ref.create();
  expect(nmse(await run(device, await load(device, path), short, 24), short.logits)).toBeLessThan(
    MAX_NMSE_REF,
  );
});

describe.each(fast)('$name', ({ create }) => {
  test.each(tinyLlamas)("gives transformers' logits: $name", async ({ name, path, short }) => {
    const limit = floats.includes(name) ? MAX_NMSE.f32 : MAX_NMSE.int8;
    for (const chunks of [24, 5, 1]) {
      const device = create();
      const logits = await run(device, await load(device, path), short, chunks);
      expect(nmse(logits, short.logits), `in chunks of ${chunks}`).toBeLessThan(limit);
    }
  });

  test('a q8 cache stays close', async () => {
    const device = create();
    const { path, short } = tinyLlama('f32');
    const logits = await run(device, await load(device, path, 'q8'), short, 24);
    expect(nmse(logits, short.logits)).toBeLessThan(MAX_NMSE.q8);
  });
});

describe('past 8,192 positions, where the scaling matters', () => {
  const scores = async (patch?: (g: Gguf) => Gguf, file?: Uint8Array): Promise<number> => {
    const device = relaxed.create();
    const llama = await load(device, tinyLlama('f32').path, 'f16', patch, file);
    return nmse(await run(device, llama, tinyLong, 64), tinyLong.logits);
  };

  test("gives transformers' logits", async () => {
    expect(await scores()).toBeLessThan(MAX_NMSE.f32);
  });

  test('ignoring rope_freqs is seen', async () => {
    const blind = (g: Gguf): Gguf => {
      const tensors = new Map(g.tensors);
      tensors.delete('rope_freqs.weight');
      return { ...g, tensors };
    };
    expect(await scores(blind)).toBeGreaterThan(100 * MAX_NMSE.f32);
  });

  test("another model's factor, 8 for 32, is seen", async () => {
    const path = tinyLlama('f32').path;
    const file = Uint8Array.from(readFileSync(path));
    const { offset, bytes } = (await readGguf(bufferSource(path, file))).tensors.get('rope_freqs.weight')!;
    const scaling = { lowFreqFactor: 1, highFreqFactor: 4, originalContext: 8192 };
    const kept = new Float32Array(file.slice(offset, offset + bytes).buffer);
    expect(nmse(kept, llama3Divisors(32, 500_000, { ...scaling, factor: 32 }))).toBeLessThan(1e-12);
    const wrong = Float32Array.from(llama3Divisors(32, 500_000, { ...scaling, factor: 8 }));
    file.set(new Uint8Array(wrong.buffer), offset);
    expect(await scores(undefined, file)).toBeGreaterThan(100 * MAX_NMSE.f32);
  });

  test("q and k rows in Hugging Face's order are seen", async () => {
    const path = tinyLlama('f32').path;
    const file = Uint8Array.from(readFileSync(path));
    const { tensors } = await readGguf(bufferSource(path, file));
    for (const name of ['blk.0.attn_q.weight', 'blk.0.attn_k.weight']) {
      const { offset, bytes, shape } = tensors.get(name)!;
      const rowBytes = 4 * shape[0]!;
      const rows = file.slice(offset, offset + bytes);
      for (let row = 0; row < shape[1]!; row++) {
        const [head, at] = [row & ~31, row & 31]; // heads of 32: pairs (2i, 2i + 1) become (i, 16 + i)
        const from = (head + 2 * (at & 15) + (at >> 4)) * rowBytes;
        file.set(rows.subarray(from, from + rowBytes), offset + row * rowBytes);
      }
    }
    expect(await scores(undefined, file)).toBeGreaterThan(100 * MAX_NMSE.f32);
  });
});

test.each(tinyLlamas)("three threads give one thread's bits: $name", async ({ path, short }) => {
  const bits = async (device: Device) => {
    const logits = await run(device, await load(device, path), short, 24);
    return [...new Uint32Array(logits.buffer)];
  };
  expect(await bits(threaded.create())).toEqual(await bits(relaxed.create()));
});

test('sequences in one pass get the numbers they get alone', async () => {
  const device = relaxed.create();
  const llama = await load(device, tinyLlama('q4_k').path);
  const { ids } = tinyLlama('q4_k').short;
  const lone = async (part: Uint32Array) => {
    const cache = llama.newCache(32);
    return [
      ...(await device.read(llama.forward([{ cache, ids: part, logits: 'last' }]), 0, llama.vocabSize)),
    ];
  };
  const [a, b, c] = [ids.subarray(0, 7), ids.subarray(7, 8), ids.subarray(8, 24)];
  const alone = [await lone(a), await lone(c)];
  const caches = [llama.newCache(32), llama.newCache(32), llama.newCache(32)] as const;
  const logits = llama.forward([
    { cache: caches[0], ids: a, logits: 'last' },
    { cache: caches[1], ids: b, logits: 'none' },
    { cache: caches[2], ids: c, logits: 'last' },
  ]);
  expect([...(await device.read(logits, 0, llama.vocabSize))]).toEqual(alone[0]);
  expect([...(await device.read(logits, llama.vocabSize, llama.vocabSize))]).toEqual(alone[1]);
  expect(caches.map((cache) => cache.length)).toEqual([7, 1, 16]);
});

test.each(['f16', 'q8'] as const)(
  'tokens that are taken back leave no trace in a %s cache',
  async (kvType) => {
    const device = relaxed.create();
    const llama = await load(device, tinyLlama('q4_0').path, kvType);
    const { ids } = tinyLlama('q4_0').short;
    const rowsOf = async (buf: ReturnType<Llama['forward']>, rows: number) => [
      ...(await device.read(buf, 0, rows * llama.vocabSize)),
    ];
    const one = llama.newCache(32);
    const plain: number[] = [];
    for (const id of ids)
      plain.push(
        ...(await rowsOf(llama.forward([{ cache: one, ids: Uint32Array.of(id), logits: 'last' }]), 1)),
      );

    const cache = llama.newCache(32);
    const drafted: number[] = [];
    for (let right = 1; cache.length < ids.length; right = (right % 4) + 1) {
      const next = ids.slice(cache.length, cache.length + 7);
      next.fill(77, right); // the first few are right, the others are not
      const logits = llama.forward([{ cache, ids: next, logits: 'all' }]);
      cache.length -= next.length - Math.min(right, next.length);
      drafted.push(...(await rowsOf(logits, Math.min(right, next.length))));
    }
    expect(drafted).toEqual(plain);
  },
);

test('forward refuses what does not fit, and changes nothing', async () => {
  const device = relaxed.create();
  const llama = await load(device, tinyLlama('q4_0').path);
  const cache = llama.newCache(8);
  const span = (length: number, logits: 'all' | 'none' = 'none') => [
    { cache, ids: new Uint32Array(length), logits },
  ];
  expect(() => llama.forward(span(9))).toThrow("position 9 is past the cache's 8");
  expect(() => llama.forward(span(0))).toThrow('a span has no tokens');
  expect(() => llama.forward([...Array(20)].flatMap(() => span(4)))).toThrow(
    '80 token rows, one pass takes 1 to 64',
  );
  expect(cache.length).toBe(0);
});
