/** Packed files that lie: refused by name, before memory is taken for what they claim. */
import { createHash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import type { Device, Weight } from '../../../kernels/kernels.ts';
import { nodeHasher } from '../../../models/cli/node-hasher.ts';
import { FormatError, IntegrityError } from '../../../models/errors.ts';
import { checked } from '../../../models/llama/config.ts';
import { loadTensors } from '../../../models/llama/gguf.ts';
import { type PackedFile, type PackedManifest, readPackedManifest } from '../../../models/packed/manifest.ts';
import { openPacked } from '../../../models/packed/open.ts';
import { readSafetensors } from '../../../models/safetensors.ts';
import { bufferSource } from '../../../models/sources/buffer-source.ts';
import { ref, relaxed } from '../../support/backends.ts';
import { mutate } from '../../support/mutate.ts';
import { type Files, openIn, packInMemory } from '../../support/packed.ts';
import { randomIntegers } from '../../support/random-integers.ts';
import { tinyLlama } from '../../support/tiny-llama.ts';

type Draft = { -readonly [K in keyof PackedManifest]: PackedManifest[K] };

const TABLES = 'tokenizer.safetensors';
const SHARD = 'weights-1-of-2.safetensors';
let sound: Files;
let manifest: Draft;
beforeAll(async () => {
  sound = await packInMemory(relaxed.create(), tinyLlama('q4_0').path, 1 << 17);
  manifest = JSON.parse(new TextDecoder().decode(sound.get('manifest.json')));
  expect(manifest.shards.map(({ name }) => name)).toEqual([SHARD, 'weights-2-of-2.safetensors']);
});

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

async function load(files: Files, stated: unknown, device: Device = relaxed.create()): Promise<void> {
  const bytes = stated instanceof Uint8Array ? stated : encode(stated);
  const parsed = await readPackedManifest(bufferSource('manifest.json', bytes));
  const { tensors } = await openPacked(device, parsed, openIn(files), nodeHasher);
  await loadTensors(device, checked(parsed.config), tensors, () => {});
}

/** The sound model with other bytes in one file, and a manifest that stands by them. */
function withFile(name: string, bytes: Uint8Array): [Files, PackedManifest] {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const restate = (file: PackedFile) => (file.name === name ? { name, size: bytes.length, sha256 } : file);
  const { tokenizer, shards } = manifest;
  return [
    new Map([...sound, [name, bytes]]),
    { ...manifest, tokenizer: { ...tokenizer, file: restate(tokenizer.file) }, shards: shards.map(restate) },
  ];
}

/** A file with another header before the same data. */
function withTensors(
  change: (tensors: Record<string, Record<string, unknown>>) => void,
  name = SHARD,
): [Files, PackedManifest] {
  const bytes = sound.get(name)!;
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const tensors = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  change(tensors);
  const json = encode(tensors);
  const head = new Uint8Array(8 + json.length);
  new DataView(head.buffer).setUint32(0, json.length, true);
  head.set(json, 8);
  return withFile(name, Uint8Array.from(Buffer.concat([head, bytes.subarray(8 + length)])));
}

test('the sound model loads', () => load(sound, manifest));

test.each([
  ['no JSON', () => new TextEncoder().encode('{'), /manifest.json: byte 0: not JSON/],
  ['a field less', () => ({ ...manifest, layout: undefined }), /layout/],
  ['a field more', () => ({ ...manifest, url: 'x' }), /url/],
  [
    'a size that is none',
    () => ({
      ...manifest,
      tokenizer: { ...manifest.tokenizer, file: { ...manifest.tokenizer.file, size: -1 } },
    }),
    /tokenizer.file.size/,
  ],
  ['a size past 2^53', () => ({ ...manifest, from: { ...manifest.from, size: 1e17 } }), /from.size/],
  ['a path for a name', () => ({ ...manifest, from: { ...manifest.from, name: '../x' } }), /plain file/],
  ['one file twice', () => ({ ...manifest, shards: [manifest.tokenizer.file] }), /two files have one name/],
  ['no shards', () => ({ ...manifest, shards: [] }), /shards/],
  ['more than 4 MiB', () => new Uint8Array((4 << 20) + 1), /4194305 bytes, limit 4194304/],
])('a manifest with %s is refused', async (_, stated, message) => {
  await expect(load(sound, stated())).rejects.toThrow(message);
  await expect(load(sound, stated())).rejects.toBeInstanceOf(FormatError);
});

test('another layout says to pack again', async () => {
  const other = { ...manifest, layout: 'wasm-8x32/0' };
  await expect(load(sound, other)).rejects.toThrow(
    "packed: byte 0: q4_0.gguf is packed as 'wasm-8x32/0' and this device reads 'wasm-8x32/1': pack it again",
  );
  await expect(load(sound, manifest, ref.create())).rejects.toThrow("this device reads 'ref-f32/1'");
});

test.each([
  ['missing', () => new Map([...sound].filter(([name]) => name !== SHARD)), `${SHARD} is missing`],
  ['cut', () => new Map([...sound, [SHARD, sound.get(SHARD)!.subarray(0, -1)]]), 'the manifest says'],
])('a shard that is %s is refused', async (_, files, message) => {
  await expect(load(files(), manifest)).rejects.toThrow(message);
});

test.each([TABLES, SHARD])('one wrong bit anywhere in %s is seen', async (name) => {
  const random = randomIntegers(7);
  for (let i = 0; i < 20; i++) {
    const bytes = sound.get(name)!.slice();
    bytes[random(bytes.length)]! ^= 1 << random(8);
    const error = await load(new Map([...sound, [name, bytes]]), manifest).catch((caught: unknown) => caught);
    // where the header of a shard contradicts itself, that is seen first
    if (!(error instanceof FormatError)) expect(error).toBeInstanceOf(IntegrityError);
  }
});

test('bytes that hash right and lie are refused before a weight is made', async () => {
  const device = relaxed.create();
  const made: Weight[] = [];
  device.weight = (type, rows, cols) => {
    made.push({ type, rows, cols, bytes: 0 });
    throw new Error('too late');
  };
  const lies: readonly (readonly [() => [Files, PackedManifest], RegExp])[] = [
    [
      () => withTensors((t) => (t['output_norm.weight'] = { ...t['token_embd.weight'] })),
      /does not begin|'output/,
    ],
    [() => withTensors((t) => delete t['token_embd.weight']), /begins? where|to 0|does not begin/],
    [() => withTensors((t) => Object.assign(t['token_embd.weight']!, { dtype: 'I8' })), /is I8 of \d+ bytes/],
    [() => withTensors((t) => rename(t, 'token_embd.weight', 'blk.9.ffn')), /is in no shard/],
    [() => withTensors((t) => rename(t, 'token_embd.weight', 'token_embd.weight#2')), /not in its order/],
    [
      () => withTensors((t) => swap(t, 'token_embd.weight', 'blk.0.attn_k.weight')),
      /packed it would be U8 of/,
    ],
  ];
  for (const [lie, message] of lies) {
    const [files, stated] = lie();
    await expect(load(files, stated, device)).rejects.toThrow(message);
    await expect(load(files, stated, device)).rejects.toBeInstanceOf(FormatError);
  }
  expect(made).toEqual([]);
});

test.each([
  ['tokens.offsets', 4, 0xffffff, /tokens.offsets\[1\] is past the next/],
  ['tokens.slots', 0, 1 << 20, /'tokens.slots'\[0\] is 1048576 of \d+/],
  ['merges.left', 4, -1, /'merges.left'\[1\] is -1 of \d+/],
  ['merges.merged', 8, 1 << 20, /'merges.merged'\[2\] is 1048576 of \d+/],
  ['merges.slots', 8, -2, /'merges.slots'\[2\] is -2 of \d+/],
] as const)('a number in %s that leads astray is refused', async (table, at, value, message) => {
  const bytes = sound.get(TABLES)!.slice();
  const { offset } = (await readSafetensors(bufferSource(TABLES, bytes))).tensors.get(table)!;
  new DataView(bytes.buffer).setInt32(offset + at, value, true);
  await expect(load(...withFile(TABLES, bytes))).rejects.toThrow(message);
});

test('a table without a free slot is refused: a search in it would not end', async () => {
  const bytes = sound.get(TABLES)!.slice();
  const { offset, bytes: length } = (await readSafetensors(bufferSource(TABLES, bytes))).tensors.get(
    'tokens.slots',
  )!;
  new Int32Array(bytes.buffer, offset, length / 4).fill(0);
  await expect(load(...withFile(TABLES, bytes))).rejects.toThrow("'tokens.slots' has no free slot");
});

test('tables that do not lie as numbers can are refused', async () => {
  const refuse = async (message: RegExp, change: Parameters<typeof withTensors>[0]) =>
    expect(load(...withTensors(change, TABLES))).rejects.toThrow(message);
  await refuse(/'tokens.offsets' begins at byte \d+, not aligned/, (tables) => {
    const padding = { x: '' };
    tables.__metadata__ = padding;
    while (JSON.stringify(tables).length % 4 === 0) padding.x += 'x';
  });
  await refuse(/'tokens.slots' is U32, not I32/, (tables) =>
    Object.assign(tables['tokens.slots']!, { dtype: 'U32' }),
  );
  await refuse(/'tokens.bytes' is missing/, (tables) => rename(tables, 'tokens.bytes', 'tokens.text'));
  await refuse(/merges of \d+, \d+ and \d+ tokens/, (tables) => swap(tables, 'merges.right', 'merges.slots'));
});

test('facts that lead astray are refused', async () => {
  const withFacts = (facts: object) =>
    load(sound, { ...manifest, tokenizer: { ...manifest.tokenizer, ...facts } });
  await expect(withFacts({ stopIds: [1_000_000] })).rejects.toThrow('token id 1000000 of ');
  await expect(withFacts({ special: [['<|x|>', 1_000_000]] })).rejects.toThrow('token id 1000000 of ');
  await expect(withFacts({ pre: 'mine' })).rejects.toThrow(FormatError);
  await expect(load(sound, { ...manifest, config: { ...manifest.config, layers: 1e9 } })).rejects.toThrow(
    'layers',
  );
});

test('whatever is wrong in a shard or a tokenizer, it is said as a FormatError', async () => {
  const random = randomIntegers(11);
  let loaded = 0;
  for (let i = 0; i < 600; i++) {
    const name = i % 2 === 0 ? SHARD : TABLES;
    const [files, stated] = withFile(name, mutate(sound.get(name)!, 1500, random));
    await load(files, stated).then(
      () => loaded++,
      (error: unknown) => expect(error, String((error as Error).stack)).toBeInstanceOf(FormatError),
    );
  }
  expect(loaded).toBeLessThan(300);
});

function rename(tensors: Record<string, Record<string, unknown>>, from: string, to: string): void {
  tensors[to] = tensors[from]!;
  delete tensors[from];
}

function swap(tensors: Record<string, Record<string, unknown>>, a: string, b: string): void {
  [tensors[a], tensors[b]] = [tensors[b]!, tensors[a]!];
}
