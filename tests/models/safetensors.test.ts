import { expect, test } from 'vitest';
import { FormatError } from '../../models/errors.ts';
import { readSafetensors, weightType } from '../../models/safetensors.ts';
import { bufferSource } from '../../models/sources/buffer-source.ts';
import { mutate } from '../support/mutate.ts';
import { randomIntegers } from '../support/random-integers.ts';

/** A file with this header text and so many bytes of data. */
function file(header: string | object, dataBytes: number): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}
const read = (bytes: Uint8Array) => readSafetensors(bufferSource('test', bytes));
const tensor = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

test('readSafetensors places tensors, in whatever order they are listed', async () => {
  const bytes = file(
    {
      __metadata__: { format: 'pt' },
      'model.norm.weight': tensor('BF16', [4], 24, 32),
      'model.embed_tokens.weight': tensor('F32', [2, 3], 0, 24),
      scalar: tensor('F16', [], 32, 34),
      empty: tensor('F32', [0, 5], 34, 34),
    },
    34,
  );
  const { metadata, tensors } = await read(bytes);
  const dataStart = bytes.length - 34;
  expect(metadata).toEqual(new Map([['format', 'pt']]));
  expect(tensors.get('model.embed_tokens.weight')).toEqual({
    name: 'model.embed_tokens.weight',
    dtype: 'F32',
    shape: [2, 3],
    offset: dataStart,
    bytes: 24,
  });
  expect(tensors.get('model.norm.weight')).toMatchObject({ offset: dataStart + 24, bytes: 8 });
  expect([...tensors.values()].filter(({ bytes }) => bytes > 0).map(weightType)).toEqual([
    'bf16',
    'f32',
    'f16',
  ]);
});

test('weightType refuses what weights are not read in; reading the file does not', async () => {
  const { tensors } = await read(file({ ids: tensor('I64', [1], 0, 8), odd: tensor('F4', [32], 8, 24) }, 24));
  expect(() => weightType(tensors.get('ids')!)).toThrow("tensor 'ids' has dtype I64, which is not read here");
  expect(() => weightType(tensors.get('odd')!)).toThrow(FormatError);
});

test('readSafetensors takes names like __proto__ as names', async () => {
  const header =
    '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"__metadata__":{"__proto__":"x"}}';
  const { metadata, tensors } = await read(file(header, 1));
  expect(tensors.get('__proto__')?.bytes).toBe(1);
  expect(metadata.get('__proto__')).toBe('x');
  expect(({} as { dtype?: string }).dtype).toBeUndefined();
});

const u8 = (...offsets: number[]) => ({
  dtype: 'U8',
  shape: [offsets[1]! - offsets[0]!],
  data_offsets: offsets,
});

test.each<[string, Uint8Array, string]>([
  ['a file too short', new Uint8Array(7), "7 bytes, the header's length alone takes 8"],
  ['a header past the end', file('{}', 0).subarray(0, 9), 'header ends at 10, the file at 9'],
  ['a huge header', new Uint8Array(8).fill(0xff), 'limit 8388608'],
  ['an empty header', file('', 0), 'header is not JSON'],
  ['broken JSON', file('{"a":', 0), 'header is not JSON'],
  ['what is not UTF-8', file('{"?":1}', 0).map((byte) => (byte === 63 ? 0xff : byte)), 'header is not JSON'],
  ['deep nesting', file('['.repeat(1_000_000), 0), 'byte 8: header is not'],
  ['an array', file('[]', 0), 'header is not a JSON object'],
  ['metadata of numbers', file({ __metadata__: { a: 1 } }, 0), "__metadata__ 'a' is not a string"],
  ['metadata of null', file({ __metadata__: null }, 0), '__metadata__ is not an object'],
  ['a tensor of null', file({ a: null }, 0), "tensor 'a' is not an object"],
  ['no dtype', file({ a: { shape: [1], data_offsets: [0, 1] } }, 1), "tensor 'a' has no dtype"],
  ['a negative size', file({ a: tensor('U8', [-1], 0, 1) }, 1), 'has no shape of whole numbers'],
  ['a size of 1.5', file({ a: tensor('U8', [1.5], 0, 1) }, 1), 'has no shape of whole numbers'],
  ['a size above 2^53', file({ a: tensor('U8', [2 ** 60], 0, 1) }, 1), 'has no shape of whole numbers'],
  ['three offsets', file({ a: u8(0, 1, 2) }, 2), 'has no pair of data_offsets'],
  ['offsets reversed', file({ a: tensor('U8', [0], 1, 0) }, 1), 'lies at 1 to 0'],
  [
    'a tensor past the end',
    file({ a: u8(0, 3) }, 2),
    "tensor 'a' lies at 0 to 3 of a data section of 2 bytes",
  ],
  ['too few bytes', file({ a: tensor('BF16', [2, 3], 0, 6) }, 6), 'of BF16 [2,3] takes 12 bytes, has 6'],
  ['a product above 2^53', file({ a: tensor('F32', [2 ** 40, 2 ** 40], 0, 4) }, 4), 'has 4'],
  [
    'an overlap',
    file({ a: u8(0, 3), b: u8(2, 4) }, 4),
    "tensor 'b' does not begin where the one before it ends",
  ],
  ['a hole', file({ a: u8(0, 1), b: u8(2, 4) }, 4), "tensor 'b' does not begin where the one before it ends"],
  ['bytes left over', file({ a: u8(0, 1) }, 4), 'the last tensor ends at'],
  ['a name twice', file('{"a":1,"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', 2), 'does not begin'],
])('readSafetensors refuses %s', async (_, bytes, message) => {
  await expect(read(bytes)).rejects.toThrow(FormatError);
  await expect(read(bytes)).rejects.toThrow(message);
});

test('readSafetensors reads or refuses each of 20,000 broken files', async () => {
  const sound = file(
    { __metadata__: { format: 'pt' }, a: tensor('F32', [2, 3], 0, 24), b: tensor('BF16', [4], 24, 32) },
    32,
  );
  const random = randomIntegers(11);
  const outcomes = { read: 0, refused: 0 };
  for (let i = 0; i < 20_000; i++) {
    const bytes = mutate(sound, sound.length - 32, random);
    try {
      for (const { offset, bytes: length } of (await read(bytes)).tensors.values()) {
        expect(offset + length).toBeLessThanOrEqual(bytes.length);
      }
      outcomes.read++;
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
      outcomes.refused++;
    }
  }
  expect(outcomes.read).toBeGreaterThan(200);
  expect(outcomes.refused).toBeGreaterThan(5000);
});
