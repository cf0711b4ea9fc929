/** A prefix that is copied and a prefix that is computed again must give the same logits, to the last bit. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createCoin } from '../../../engine/coin.ts';
import type { Device, KvType } from '../../../kernels/kernels.ts';
import type { Llama, SequenceCache } from '../../../models/llama/model.ts';
import { loadModel } from '../../../models/load.ts';
import { bufferSource } from '../../../models/sources/buffer-source.ts';
import { fast } from '../../support/backends.ts';
import { TINY_VOCAB, tinyLlama } from '../../support/tiny-llama.ts';

async function load(device: Device, type: string, kvType: KvType): Promise<Llama> {
  const { path } = tinyLlama(type);
  const limits = { template: 'base', maxRows: 64, maxLogitRows: 1, contextLength: 1024 } as const;
  return (await loadModel(device, bufferSource(path, readFileSync(path)), { ...limits, kvType })).llama;
}

/** Reads `ids` after what the cache holds, in chunks, and returns the last one's logits. */
async function read(device: Device, llama: Llama, cache: SequenceCache, ids: Uint32Array, chunk: number) {
  for (let at = 0; ; at += chunk) {
    const isLast = at + chunk >= ids.length;
    const logits = llama.forward([
      { cache, ids: ids.subarray(at, at + chunk), logits: isLast ? 'last' : 'none' },
    ]);
    if (isLast) return device.read(logits, 0, TINY_VOCAB);
  }
}

const coin = createCoin(3);
const text = (length: number) => Uint32Array.from({ length }, () => Math.floor(coin() * TINY_VOCAB));

describe.each(fast)('$name', ({ create }) => {
  test.each([
    { type: 'f32', kvType: 'f16' },
    { type: 'q4_0', kvType: 'q8' },
    { type: 'q4_k', kvType: 'f16' },
    { type: 'q8_0', kvType: 'f16' },
  ] as const)('$type weights, $kvType cache: logits after a copied prefix, bit for bit', async (formats) => {
    const device = create();
    const llama = await load(device, formats.type, formats.kvType);
    const ids = text(150);
    const fresh = await read(device, llama, llama.newCache(150), ids, 64);
    expect(fresh.every(Number.isFinite)).toBe(true);

    const donor = llama.newCache(256);
    await read(device, llama, donor, ids.subarray(0, 140), 1); // said, a token at a time
    await read(device, llama, donor, text(60), 17); // and more that the other never said
    for (const prefix of [1, 31, 32, 33, 100, 140]) {
      for (const chunk of [1, 7, 64]) {
        const cache = llama.newCache(150);
        llama.copyCache(cache, donor, prefix);
        expect(cache.length).toBe(prefix);
        expect(await read(device, llama, cache, ids.subarray(prefix), chunk), `${prefix}, ${chunk}`).toEqual(
          fresh,
        );
        llama.freeCache(cache);
      }
    }
  });

  test('a copy and its donor go their own ways', async () => {
    const device = create();
    const llama = await load(device, 'q4_0', 'f16');
    const [common, one, other] = [text(40), text(20), text(20)];
    const alone = async (ids: Uint32Array) => {
      const cache = llama.newCache(64);
      await read(device, llama, cache, common, 64);
      return read(device, llama, cache, ids, 64);
    };
    const donor = llama.newCache(64);
    await read(device, llama, donor, common, 64);
    const copy = llama.newCache(64);
    llama.copyCache(copy, donor, 40);
    expect(await read(device, llama, copy, other, 3)).toEqual(await alone(other));
    expect(await read(device, llama, donor, one, 3)).toEqual(await alone(one));
  });

  test('copyCache refuses what the donor does not hold', async () => {
    const llama = await load(create(), 'q4_0', 'f16');
    const [to, from] = [llama.newCache(64), llama.newCache(64)];
    from.length = 8;
    expect(() => llama.copyCache(to, from, 9)).toThrow('9 positions of a cache that holds 8');
    expect(to.length).toBe(0);
  });
});
