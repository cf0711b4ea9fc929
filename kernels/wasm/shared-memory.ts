import { DeviceError } from '../errors.ts';

const IMPORTS = 2; // a section's id
const MEMORY = 2; // an import's kind
const HAS_MAXIMUM = 1;
const SHARED = 2;

/**
 * The same kernels over memory that threads share: a copy with one bit of its memory import set. No instruction
 * differs, so neither does a result. An engine that shares memory compiles it, and the plain build runs anywhere else.
 *
 * Throws   DeviceError when the first import is not a memory with a maximum
 * Source   WebAssembly 3.0, 5.5.5 imports, 5.3.9 limits
 */
export function withSharedMemory(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(wasm);
  let at = 8; // past magic and version

  function u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }
  while (at < bytes.length) {
    const id = bytes[at++]!;
    const size = u32();
    if (id !== IMPORTS) {
      at += size;
      continue;
    }
    u32(); // how many imports
    for (const _ of ['module', 'field']) {
      const length = u32();
      at += length;
    }
    if (bytes[at++] !== MEMORY || bytes[at] !== HAS_MAXIMUM) break;
    bytes[at]! |= SHARED;
    return bytes;
  }
  throw new DeviceError('the kernels import no memory with a maximum');
}
