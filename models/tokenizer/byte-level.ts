/**
 * Byte-level BPE vocabularies write every byte as one printable character: printable Latin-1 bytes stand
 * for themselves, the other 68 are numbered from U+0100. This is the way back.
 *
 * Source   openai/gpt-2, src/encoder.py, bytes_to_unicode
 */
const BYTE_OF_CHARACTER = byteOfCharacter();
const LAST_CHARACTER = BYTE_OF_CHARACTER.length - 1;
const encoder = new TextEncoder();

/** Writes the bytes that `spelling` stands for into `out` at `offset`; returns the offset after them. */
export function unspell(spelling: string, out: Uint8Array, offset: number): number {
  for (let i = 0; i < spelling.length; i++) {
    const character = spelling.charCodeAt(i);
    const byte = character <= LAST_CHARACTER ? BYTE_OF_CHARACTER[character]! : -1;
    if (byte >= 0) {
      out[offset++] = byte;
    } else {
      // Not a spelling: a vocabulary with raw text in it. The character means itself.
      const raw = encoder.encode(String.fromCodePoint(spelling.codePointAt(i)!));
      out.set(raw, offset);
      offset += raw.length;
      if (raw.length === 4) i++; // the low surrogate
    }
  }
  return offset;
}

/** Bytes that `unspell` writes at most. */
export function maxUnspelledLength(spelling: string): number {
  return 3 * spelling.length; // one UTF-16 unit is at most three bytes of UTF-8
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
