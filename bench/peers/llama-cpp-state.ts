import { endianness } from 'node:os';

const MAGIC = 0x67677371; // "ggsq", LLAMA_STATE_SEQ_MAGIC
const VERSION = 3;
const CELL_BYTES = 12; // position, number of sequences, sequence

/**
 * A saved llama.cpp sequence of `positions` positions, by repeating the tokens, keys and values of a shorter one.
 * Reading that many tokens would take minutes, and what a token costs does not depend on the numbers.
 *
 * Throws   RangeError when the state is not laid out as llama.cpp lays it out with flash attention
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
  const put = (...words: number[]) => parts.push(new Uint8Array(Uint32Array.from(words).buffer));

  expect('magic', u32(), MAGIC);
  expect('version', u32(), VERSION);
  const count = u32();
  put(MAGIC, VERSION, positions);
  const repeat = (rowBytes: number) => {
    const rows = state.subarray(at, at + count * rowBytes);
    at += count * rowBytes;
    for (let left = positions; left > 0; left -= count)
      parts.push(left < count ? rows.subarray(0, left * rowBytes) : rows);
  };
  repeat(4); // the tokens

  expect('streams', u32(), 1);
  expect('cells', u32(), count);
  put(1, positions);
  for (let pos = 0; pos < positions; pos++) put(pos, 1, 0);
  at += count * CELL_BYTES;

  expect('transposed values', u32(), 0);
  const layers = u32();
  put(0, layers);
  for (let matrix = 0; matrix < 2 * layers; matrix++) {
    const [type, rowBytes] = [u32(), u32()];
    expect('row size, high word', u32(), 0);
    put(type, rowBytes, 0);
    repeat(rowBytes);
  }
  expect('length', at, state.length);
  return parts;
}
