/** A packed model computes what its GGUF file computes, to the last bit. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Device } from '../../../kernels/kernels.ts';
import { nodeHasher } from '../../../models/cli/node-hasher.ts';
import { readGguf } from '../../../models/gguf/gguf.ts';
import { checked } from '../../../models/llama/config.ts';
import { createLlama } from '../../../models/llama/forward.ts';
import { type LoadedWeights, loadGgufWeights, loadTensors } from '../../../models/llama/gguf.ts';
import { readPackedManifest } from '../../../models/packed/manifest.ts';
import { openPacked } from '../../../models/packed/open.ts';
import { readSafetensors } from '../../../models/safetensors.ts';
import { bufferSource } from '../../../models/sources/buffer-source.ts';
import { ref, relaxed, simd } from '../../support/backends.ts';
import { type Files, openIn, packInMemory } from '../../support/packed.ts';
import { TINY_VOCAB, tinyLlama, tinyLlamas } from '../../support/tiny-llama.ts';

const CUT = 8192; // every matrix of the tiny models is larger in some format; a vector never is

async function logits(device: Device, { config, weights }: LoadedWeights): Promise<Float32Array> {
  const options = { kvType: 'f16', maxRows: 32, maxLogitRows: 32, contextLength: 64 } as const;
  const llama = createLlama(device, config, weights, options);
  const { ids } = tinyLlama('f32').short;
  const out = llama.forward([{ cache: llama.newCache(32), ids, logits: 'all' }]);
  return device.read(out, 0, ids.length * TINY_VOCAB);
}

async function fromGguf(device: Device, path: string): Promise<Float32Array> {
  const source = bufferSource(path, readFileSync(path));
  return logits(device, await loadGgufWeights(device, source, await readGguf(source), () => {}));
}

async function fromPacked(device: Device, files: Files): Promise<Float32Array> {
  const manifest = await readPackedManifest(bufferSource('manifest', files.get('manifest.json')!));
  const { tensors } = await openPacked(device, manifest, openIn(files), nodeHasher);
  return logits(device, await loadTensors(device, checked(manifest.config), tensors, () => {}));
}

describe.each([relaxed, ref])('packed on $name', ({ name, create }) => {
  test.each(tinyLlamas)('gives the same logits: $name', async ({ path }) => {
    const expected = await fromGguf(create(), path);
    expect(await fromPacked(create(), await packInMemory(create(), path))).toEqual(expected);
    const cut = await packInMemory(create(), path, name === 'ref' ? 8 * CUT : CUT);
    expect(cut.size).toBeGreaterThan(6);
    expect(await fromPacked(create(), cut)).toEqual(expected);
  });
});

test('the plain SIMD build reads what the relaxed one packed', async () => {
  const { path } = tinyLlama('q4_k');
  const files = await packInMemory(relaxed.create(), path);
  expect(await fromPacked(simd.create(), files)).toEqual(await fromGguf(simd.create(), path));
});

test('packing leaves nothing on the device but its scratch', async () => {
  const device = relaxed.create();
  const { path } = tinyLlama('q8_0');
  await packInMemory(device, path);
  const after = device.bytesInUse;
  await packInMemory(device, path);
  expect(device.bytesInUse).toBe(after);
});

describe('what is written', async () => {
  const { path } = tinyLlama('q4_0');
  const files = await packInMemory(relaxed.create(), path, CUT);
  const manifest = await readPackedManifest(bufferSource('manifest', files.get('manifest.json')!));

  test('the manifest has the sizes and hashes of all files, and of the GGUF', () => {
    const describe = (name: string, bytes: Uint8Array) => ({
      name,
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    const { from, tokenizer, shards } = manifest;
    expect(from).toEqual(describe('q4_0.gguf', readFileSync(path)));
    const others = [...files].filter(([name]) => name !== 'manifest.json');
    expect([tokenizer.file, ...shards]).toEqual(others.map(([name, bytes]) => describe(name, bytes)));
    expect(manifest.layout).toBe('wasm-8x32/1');
  });

  test('shards are safetensors of a bounded size, their data at a multiple of 64', async () => {
    for (const { name } of manifest.shards) {
      const { tensors } = await readSafetensors(bufferSource(name, files.get(name)!));
      const places = [...tensors.values()];
      expect(Math.min(...places.map(({ offset }) => offset)) % 64).toBe(0);
      expect(places.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(CUT);
    }
  });
});
