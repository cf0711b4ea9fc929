/** Integers at which readers go wrong: the edges of each width, and sizes that are large but allowed. */
const EDGES = [
  0n,
  1n,
  2n,
  7n,
  0x7fn,
  0xffn,
  0xffffn,
  0x10000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  1n << 20n,
  1n << 24n,
  1n << 32n,
  1n << 40n,
  (1n << 53n) - 1n,
  1n << 53n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
  (1n << 64n) - 32n,
];

/** A copy of `sound` with one to three things wrong in its first `headerLength` bytes. */
export function mutate(sound: Uint8Array, headerLength: number, random: (n: number) => number): Uint8Array {
  let bytes = sound.slice();
  for (let left = 1 + random(3); left > 0; left--) {
    const at = random(Math.min(headerLength, bytes.length - 8));
    switch (random(6)) {
      case 0:
        bytes[at]! ^= 1 << random(8);
        break;
      case 1:
        bytes[at] = random(256);
        break;
      case 2:
        new DataView(bytes.buffer).setBigUint64(at, EDGES[random(EDGES.length)]!, true);
        break;
      case 3:
        new DataView(bytes.buffer).setUint32(at, Number(EDGES[random(EDGES.length)]! & 0xffff_ffffn), true);
        break;
      case 4: // a run of the file, somewhere else in it
        bytes.copyWithin(at, random(bytes.length - 8), random(bytes.length));
        break;
      default: // rarely: a cut ends the interesting part
        if (random(8) === 0) bytes = bytes.slice(0, 16 + random(bytes.length - 16));
    }
  }
  return bytes;
}
