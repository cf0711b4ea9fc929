import { describe, expect, test } from 'vitest';
import { openFileSource } from '../../../models/cli/file-source.ts';
import { FormatError } from '../../../models/errors.ts';
import { readGguf } from '../../../models/gguf/gguf.ts';
import { bufferSource } from '../../../models/sources/buffer-source.ts';
import { ggufLayout, type MetadataValue, streamGguf, writeGguf } from '../../support/gguf-writer.ts';
import { smollm2Path } from '../../support/smollm2.ts';

const read = (bytes: Uint8Array) => readGguf(bufferSource('test', bytes));
const tensor = (name: string, rows = 1) => ({
  name,
  type: 'q4_0' as const,
  shape: [64, rows],
  data: new Uint8Array(36 * rows).fill(rows),
});

/** What it says of the file, or undefined when it reads it. */
async function complaint(bytes: Uint8Array): Promise<string | undefined> {
  try {
    await read(bytes);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return (error as FormatError).message;
  }
}

/** A header from raw pieces: numbers are u32, bigints u64, strings raw ASCII. */
function raw(...pieces: (number | bigint | string)[]): Uint8Array {
  const parts = pieces.map((piece) => {
    if (typeof piece === 'string') return Buffer.from(piece);
    const buffer = Buffer.alloc(typeof piece === 'number' ? 4 : 8);
    if (typeof piece === 'number') buffer.writeUInt32LE(piece);
    else buffer.writeBigUInt64LE(piece);
    return buffer;
  });
  return new Uint8Array(Buffer.concat(parts));
}
const text = (value: string): [bigint, string] => [BigInt(value.length), value];

describe('readGguf', () => {
  test('gives back what was written', async () => {
    const { metadata, tensors } = await read(
      writeGguf({
        metadata: {
          'general.architecture': 'llama',
          'llama.block_count': 16,
          'llama.rope.freq_base': 0.5,
          'tokenizer.ggml.add_bos_token': true,
          'tokenizer.ggml.tokens': ['a', 'Ġb', '\ufeff', '🦙', ''],
          'tokenizer.ggml.token_type': Int32Array.of(1, -3),
          'tokenizer.ggml.scores': Float32Array.of(0.25),
        },
        tensors: [tensor('a', 3), tensor('b', 1)],
      }),
    );
    expect(metadata.string('general.architecture')).toBe('llama');
    expect(metadata.number('llama.block_count')).toBe(16);
    expect(metadata.number('llama.rope.freq_base')).toBe(0.5);
    expect(metadata.bool('tokenizer.ggml.add_bos_token')).toBe(true);
    expect([...metadata.stringArray('tokenizer.ggml.tokens')]).toEqual(['a', 'Ġb', '\ufeff', '🦙', '']);
    expect([...metadata.numberArray('tokenizer.ggml.token_type')]).toEqual([1, -3]);
    expect([...metadata.numberArray('tokenizer.ggml.scores')]).toEqual([0.25]);
    expect(metadata.keys).toHaveLength(7);

    const [a, b] = [tensors.get('a')!, tensors.get('b')!];
    expect(a).toMatchObject({ name: 'a', type: 'q4_0', shape: [64, 3], bytes: 108 });
    expect(a.offset % 32).toBe(0);
    expect(b.offset).toBe(a.offset + 128); // 108 bytes, then the next multiple of 32
  });

  test('places tensors where their bytes are', async () => {
    const file = writeGguf({ metadata: {}, tensors: [tensor('a', 3), tensor('b', 1)] });
    for (const { offset, bytes, shape } of (await read(file)).tensors.values()) {
      expect(file.subarray(offset, offset + bytes).every((byte) => byte === shape[1])).toBe(true);
    }
  });

  test('reads the default model: 272 tensors that fill the file to its end', async () => {
    await using source = await openFileSource(smollm2Path());
    const { metadata, tensors } = await readGguf(source);

    expect(metadata.number('llama.block_count')).toBe(30);
    expect(metadata.stringArray('tokenizer.ggml.tokens')).toHaveLength(49_152);
    expect(metadata.stringArray('tokenizer.ggml.merges')).toHaveLength(48_900);
    expect(tensors.size).toBe(2 + 30 * 9);
    expect(tensors.get('token_embd.weight')).toMatchObject({ type: 'q8_0', shape: [576, 49_152] });
    expect(Math.max(...[...tensors.values()].map(({ offset, bytes }) => offset + bytes))).toBe(source.size);
  });

  test('reads arrays that span many windows', async () => {
    const tokens = Array.from({ length: 200_000 }, (_, i) => `token ${i}`.repeat(1 + (i % 5)));
    const types = Int32Array.from(tokens, (_, i) => i - 1000);
    const { metadata } = await read(writeGguf({ metadata: { tokens, types }, tensors: [] }));
    expect([...metadata.stringArray('tokens')]).toEqual(tokens);
    expect(metadata.numberArray('types')).toEqual(types);
  });

  test('keeps a string that is not UTF-8, with the broken bytes replaced', async () => {
    const file = writeGguf({ metadata: { key: 'a?b' }, tensors: [] });
    file[file.indexOf('?'.charCodeAt(0))] = 0xff;
    expect((await read(file)).metadata.string('key')).toBe('a\ufffdb');
  });

  test('reads 64-bit integers up to 2^53', async () => {
    const file = raw('GGUF', 3, 0n, 2n, ...text('u'), 10, 2n ** 53n - 1n, ...text('i'), 11, 2n ** 64n - 5n);
    const { metadata } = await read(file);
    expect([metadata.number('u'), metadata.number('i')]).toEqual([2 ** 53 - 1, -5]);
  });

  test('takes names like __proto__ as names', async () => {
    const file = writeGguf({
      metadata: { ['__proto__']: 'x', constructor: 'y' },
      tensors: [tensor('__proto__')],
    });
    const { metadata, tensors } = await read(file);
    expect([metadata.string('__proto__'), metadata.has('toString')]).toEqual(['x', false]);
    expect(tensors.get('__proto__')?.bytes).toBe(36);
  });
});

describe('metadata getters', () => {
  const metadata = { s: 'text', n: 1, list: ['a'] } satisfies Record<string, MetadataValue>;

  test('name the key that is missing', async () => {
    const gguf = await read(writeGguf({ metadata, tensors: [] }));
    expect(() => gguf.metadata.number('llama.block_count')).toThrow("key 'llama.block_count' is missing");
  });

  test('name the key that is of another type, and say of which', async () => {
    const gguf = await read(writeGguf({ metadata, tensors: [] }));
    expect(() => gguf.metadata.number('s')).toThrow("byte 24: key 's' is a string, not a number");
    expect(() => gguf.metadata.string('n')).toThrow("key 'n' is a number, not a string");
    expect(() => gguf.metadata.bool('n')).toThrow("key 'n' is a number, not a bool");
    expect(() => gguf.metadata.numberArray('list')).toThrow(
      "'list' is an array of strings, not an array of numbers",
    );
    expect(() => gguf.metadata.stringArray('s')).toThrow(FormatError);
  });
});

describe('readGguf refuses', () => {
  const huge = 2n ** 40n;
  const key = text('k');
  const shape = (...sizes: bigint[]) => [sizes.length, ...sizes] as const;
  const one = (...info: (number | bigint | string)[]) => raw('GGUF', 3, 1n, 0n, ...text('t'), ...info);

  test.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), 'byte 0: 4 bytes do not fit: the file ends at 0'],
    ['another format', raw('PK\x03\x04', 3, 0n, 0n), 'byte 0: magic is not "GGUF"'],
    ['version 2', raw('GGUF', 2, 0n, 0n), 'byte 4: version 2'],
    ['big-endian', raw('GGUF', 0x03000000, 0n, 0n), 'byte 4: big-endian'],
    ['more tensors than the limit', raw('GGUF', 3, huge, 0n), `${huge} tensors, limit 65536`],
    ['more keys than the limit', raw('GGUF', 3, 0n, huge), `${huge} keys, limit 65536`],
    ['a count beyond 2^53', raw('GGUF', 3, 2n ** 60n, 0n), 'byte 8: u64 1152921504606847000 is above 2^53'],
    ['a key past the end', raw('GGUF', 3, 0n, 1n, 1000n), 'byte 32: 1000 bytes do not fit'],
    ['a key over the limit', raw('GGUF', 3, 0n, 1n, huge), `byte 24: string of ${huge} bytes, limit 65535`],
    ['a string over the limit', raw('GGUF', 3, 0n, 1n, ...key, 8, huge), `byte 37: string of ${huge} bytes`],
    ['an unknown value type', raw('GGUF', 3, 0n, 1n, ...key, 13, 0n), 'byte 33: value type 13'],
    ['a bool of 2', raw('GGUF', 3, 0n, 1n, ...key, 7, '\x02'), 'byte 37: bool 2'],
    ['a u64 beyond 2^53', raw('GGUF', 3, 0n, 1n, ...key, 10, 2n ** 53n), 'byte 37: integer 9007199254740992'],
    ['an i64 beyond -2^53', raw('GGUF', 3, 0n, 1n, ...key, 11, 2n ** 63n), 'byte 37: integer -922'],
    [
      'a u64 beyond 2^53 in an array',
      raw('GGUF', 3, 0n, 1n, ...key, 9, 10, 1n, 2n ** 54n),
      'byte 49: integer',
    ],
    ['an array of arrays', raw('GGUF', 3, 0n, 1n, ...key, 9, 9, 1n, 0, 0n), 'byte 37: an array of arrays'],
    ['an array of an unknown type', raw('GGUF', 3, 0n, 1n, ...key, 9, 77, 1n), 'byte 37: value type 77'],
    ['more numbers than bytes', raw('GGUF', 3, 0n, 1n, ...key, 9, 4, huge), `${huge} numbers do not fit`],
    ['more strings than bytes', raw('GGUF', 3, 0n, 1n, ...key, 9, 8, huge), `${huge} strings do not fit`],
    ['a key twice', raw('GGUF', 3, 0n, 2n, ...key, 4, 1, ...key, 4, 1), "byte 41: key 'k' is there twice"],
    ['an alignment of 24', raw('GGUF', 3, 0n, 1n, ...text('general.alignment'), 4, 24), 'alignment is 24'],
    ['an alignment of 0', raw('GGUF', 3, 0n, 1n, ...text('general.alignment'), 4, 0), 'alignment is 0'],
    [
      'an alignment that is text',
      raw('GGUF', 3, 0n, 1n, ...text('general.alignment'), 8, ...key),
      'not a number',
    ],
    ['no dimensions', one(...shape(), 0, 0n), "byte 24: tensor 't' has 0 dimensions"],
    ['five dimensions', one(...shape(1n, 1n, 1n, 1n, 1n), 0, 0n), "tensor 't' has 5 dimensions"],
    ['a dimension of 0', one(...shape(0n), 0, 0n), "tensor 't' has a dimension of 0"],
    [
      'a product beyond 2^53',
      one(...shape(2n ** 30n, 2n ** 30n), 0, 0n),
      "tensor 't' has a dimension of 1073741824",
    ],
    ['a type not read here', one(...shape(256n), 10, 0n), "tensor 't' has type Q2_K"],
    ['a type nobody knows', one(...shape(256n), 99, 0n), "tensor 't' has type number 99"],
    ['rows of half a block', one(...shape(48n), 2, 0n), "tensor 't' has rows of 48, not whole blocks of 32"],
    ['an offset out of line', one(...shape(32n), 2, 8n), "tensor 't' begins at 8, not a multiple of 32"],
    ['a tensor past the end', one(...shape(32n), 2, 0n), "tensor 't' ends at 82, the file at 57"],
  ])('%s', async (_, file, message) => {
    expect(await complaint(file)).toContain(message);
  });

  test('a tensor twice', async () => {
    const file = writeGguf({ metadata: {}, tensors: [tensor('same'), tensor('same')] });
    expect(await complaint(file)).toContain("tensor 'same' is there twice");
  });

  test('tensors that overlap, in whatever order they are listed', async () => {
    const info = (name: string, rows: bigint, offset: bigint) =>
      [...text(name), 2, 64n, rows, 2, offset] as const;
    const header = raw(
      'GGUF',
      3,
      3n,
      0n,
      ...info('c', 1n, 64n),
      ...info('a', 3n, 0n),
      ...info('d', 1n, 128n),
    );
    const file = new Uint8Array(1024);
    file.set(header);
    expect(await complaint(file)).toContain("tensor 'c' overlaps 'a'");
  });

  test('a header over the limit, before it is read', async () => {
    const header = raw('GGUF', 3, 0n, 1n, ...key, 9, 4, BigInt(2 ** 25));
    let asked = 0;
    let ended = false;
    const source = {
      ...bufferSource('huge', header),
      size: 2 ** 40,
      async *stream(_: number, length: number) {
        asked = length;
        try {
          yield header;
          throw new Error('read on');
        } finally {
          ended = true;
        }
      },
    };
    await expect(readGguf(source)).rejects.toThrow('a header of more than 67108864 bytes is refused');
    expect({ asked, ended }).toEqual({ asked: 64 << 20, ended: true });
  });

  test('a file that ends before its size says', async () => {
    const source = { ...bufferSource('short', new Uint8Array()), size: 100, async *stream() {} };
    await expect(readGguf(source)).rejects.toThrow(FormatError);
  });
});

test('streamGguf writes the bytes that writeGguf does', async () => {
  const tensors = [tensor('a', 3), tensor('b', 1)];
  const pieces: Uint8Array[] = [];
  await streamGguf(
    ggufLayout({ key: 'x' }, tensors),
    ({ name }) => tensors.find((known) => known.name === name)!.data,
    async (bytes) => void pieces.push(bytes),
  );
  expect(new Uint8Array(Buffer.concat(pieces))).toEqual(writeGguf({ metadata: { key: 'x' }, tensors }));
});
