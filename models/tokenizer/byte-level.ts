/**
 * Byte-level BPE vocabularies write every byte as one printable character: printable Latin-1 bytes stand
 * for themselves, the other 68 are numbered from U+0100. This is the way back.
 *
 * Source   openai/gpt-2, src/encoder.py, bytes_to_unicode
 */
const BYTE_OF_CHARACTER = byteOfCharacter();
const LAST_CHARACTER = BYTE_OF_CHARACTER.length - 1;

/**
 * Writes the bytes that a spelling stands for into `out` at `offset`; returns the offset after them. They are at most
 * as many as those of the spelling, which is UTF-8 from `start` to `end`. A character that spells nothing, in a
 * vocabulary with raw text in it, means itself.
 */
export function unspell(
  spelling: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  offset: number,
): number {
  for (let i = start; i < end; i++) {
    const lead = spelling[i]!;
    const byte = i + 1 < end ? byteSpelt(lead, spelling[i + 1]!) : -1;
    if (byte >= 0) i++;
    out[offset++] = byte >= 0 ? byte : lead; // an ASCII letter stands for itself
  }
  return offset;
}

/** The byte that a two-byte character stands for; -1 when it, or two such bytes, stand for themselves. */
function byteSpelt(lead: number, next: number): number {
  if ((lead & 0xe0) !== 0xc0 || (next & 0xc0) !== 0x80) return -1;
  const character = ((lead & 0x1f) << 6) | (next & 0x3f);
  return character <= LAST_CHARACTER ? BYTE_OF_CHARACTER[character]! : -1;
}

function byteOfCharacter(): Int16Array {
  const isPrintable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const unprintable = bytes.filter((byte) => !isPrintable(byte));

  const table = new Int16Array(256 + unprintable.length).fill(-1);
  for (const byte of bytes) if (isPrintable(byte)) table[byte] = byte;
  for (const [i, byte] of unprintable.entries()) table[256 + i] = byte;
  return table;
}
