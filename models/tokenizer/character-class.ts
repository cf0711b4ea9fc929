/**
 * What a pre-tokenizer's pattern asks of a character: \p{L}, \p{N}, \s, [\r\n] or none of them.
 *
 * \s is spelt out: the patterns are written for Rust and Oniguruma, whose \s is Unicode's White_Space,
 * while JavaScript's \s lacks U+0085 and has U+FEFF.
 */
export const OTHER = 0;
export const LETTER = 1;
export const NUMBER = 2;
export const SPACE = 3; // white space, less the two below
export const NEWLINE = 4; // \r and \n

export type CharacterClass = typeof OTHER | typeof LETTER | typeof NUMBER | typeof SPACE | typeof NEWLINE;

const WHITE_SPACE = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/u;
const PAGE = 256;

/** Filled on first use, 256 code points at a time: most texts touch a handful of the 4,352 pages. */
const pages: (Uint8Array | undefined)[] = new Array(0x110000 / PAGE);

/** The class of the character whose UTF-8 starts at `bytes[at]`. The bytes must be valid UTF-8. */
export function classAt(bytes: Uint8Array, at: number): CharacterClass {
  const point = codePointAt(bytes, at);
  const page = pages[point >> 8] ?? readPage(point >> 8);
  return page[point & 0xff] as CharacterClass;
}

/** How many bytes of UTF-8 start with `lead`. */
export function lengthOf(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

function codePointAt(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return lead;
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | (bytes[at + 1]! & 0x3f);
  const middle = ((bytes[at + 1]! & 0x3f) << 6) | (bytes[at + 2]! & 0x3f);
  if (lead < 0xf0) return ((lead & 0x0f) << 12) | middle;
  return ((lead & 0x07) << 18) | (middle << 6) | (bytes[at + 3]! & 0x3f);
}

function readPage(number: number): Uint8Array {
  const page = Uint8Array.from({ length: PAGE }, (_, i) => classOf(number * PAGE + i));
  pages[number] = page;
  return page;
}

function classOf(point: number): CharacterClass {
  const character = String.fromCodePoint(point);
  if (character === '\r' || character === '\n') return NEWLINE;
  if (WHITE_SPACE.test(character)) return SPACE;
  if (/\p{L}/u.test(character)) return LETTER;
  return /\p{N}/u.test(character) ? NUMBER : OTHER;
}
