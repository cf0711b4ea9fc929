import { endianness } from 'node:os';

const MAGIC = 0x67677371; // "ggsq", LLAMA_STATE_SEQ_MAGIC
const VERSION = 3;
const CELL_BYTES = 12; // its position, how many sequences hold it, and which

const bytesOf = (words: Uint32Array) => new Uint8Array(words.buffer);

/**
 * A saved llama.cpp sequence of `positions` positions, by repeating the tokens, keys and values of a shorter one.
 * Reading that many tokens would take minutes, and what a token costs does not depend on the numbers.
 *
 * Throws   RangeError when the state is not laid out as llama.cpp lays it out without flash attention
 * Source   llama.cpp src/llama-context.cpp state_seq_save_file, src/llama-kv-cache.cpp state_write
 */
export function repeatState(state: Uint8Array, positions: number): Uint8Array[] {
  if (endianness() !== 'LE') throw new RangeError('a state file has the byte order of its machine');
  const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
  let at = 0;
  const u32 = () => {
    at += 4;
    return view.getUint32(at - 4, true);
  };
  const expect = (what: string, value: number, wanted: number) => {
    if (value !== wanted) throw new RangeError(`llama.cpp state: ${what} is ${value}, not ${wanted}`);
  };
  const parts: Uint8Array[] = [];
  const put = (...words: number[]) => parts.push(bytesOf(Uint32Array.from(words)));

  expect('magic', u32(), MAGIC);
  expect('version', u32(), VERSION);
  const count = u32();
  put(MAGIC, VERSION, positions);
  const repeat = (bytesEach: number) => {
    const repeated = Buffer.alloc(positions * bytesEach, state.subarray(at, at + count * bytesEach));
    at += count * bytesEach;
    parts.push(repeated);
  };
  repeat(4); // the tokens

  expect('streams', u32(), 1);
  expect('cells', u32(), count);
  put(1, positions);
  parts.push(bytesOf(Uint32Array.from({ length: 3 * positions }, (_, i) => [i / 3, 1, 0][i % 3]!)));
  at += count * CELL_BYTES;

  expect('transposed values', u32(), 1);
  const layers = u32();
  put(1, layers);
  for (let layer = 0; layer < layers; layer++) {
    const [type, rowBytes] = [u32(), u32()];
    expect('row size, high word', u32(), 0);
    put(type, rowBytes, 0);
    repeat(rowBytes);
  }
  for (let layer = 0; layer < layers; layer++) {
    const [type, elementBytes, width] = [u32(), u32(), u32()];
    put(type, elementBytes, width);
    for (let column = 0; column < width; column++) repeat(elementBytes);
  }
  expect('length', at, state.length);
  return parts;
}
