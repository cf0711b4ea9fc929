import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { nodeHasher } from '../../models/cli/node-hasher.ts';
import { IntegrityError } from '../../models/errors.ts';
import { checkedSource } from '../../models/hashed-source.ts';
import type { ByteSource } from '../../models/source.ts';
import { bufferSource } from '../../models/sources/buffer-source.ts';

const bytes = Uint8Array.from({ length: 3 << 20 }, (_, i) => i * 7 + (i >> 11)); // three chunks
const sha256 = createHash('sha256').update(bytes).digest('hex');
const source = bufferSource('weights', bytes);

async function readAll({ stream }: ByteSource, offset = 0, length = bytes.length): Promise<number> {
  let read = 0;
  for await (const chunk of stream(offset, length)) read += chunk.length;
  return read;
}

test('the right bytes pass', async () => {
  expect(await readAll(checkedSource(source, sha256, nodeHasher))).toBe(bytes.length);
});

test.each([0, 1 << 20, bytes.length - 1])(
  'a wrong bit in byte %i ends the stream in an error',
  async (at) => {
    const wrong = bytes.slice();
    wrong[at]! ^= 1;
    const checked = checkedSource(bufferSource('weights', wrong), sha256, nodeHasher);
    await expect(readAll(checked)).rejects.toThrow(`the manifest says ${sha256}`);
    await expect(readAll(checked)).rejects.toBeInstanceOf(IntegrityError);
  },
);

test('a stream of a part is not judged', async () => {
  const checked = checkedSource(source, '0'.repeat(64), nodeHasher);
  expect(await readAll(checked, 1, bytes.length - 1)).toBe(bytes.length - 1);
});

test('a store that knows the sha256 is asked instead', async () => {
  const never = () => {
    throw new Error('hashed all the same');
  };
  expect(await readAll(checkedSource({ ...source, sha256 }, sha256, never))).toBe(bytes.length);
  expect(() => checkedSource({ ...source, sha256 }, '0'.repeat(64), never)).toThrow(IntegrityError);
});
