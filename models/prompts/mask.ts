/**
 * Hides what could spell a special token in the words of a user, one character for one, while a template that is
 * not ours works on them. What the template then writes of special tokens can only be its own.
 */
export interface Mask {
  hide(text: string): string;
  reveal(text: string): string;
}

/** Characters nobody has given a meaning: first those of one UTF-16 unit, which keep a text's length. */
const PRIVATE_USE = [
  [0xe000, 0xf8ff],
  [0xf0000, 0xffffd],
  [0x100000, 0x10fffd],
] as const;

/** Left alone when a token has other marks, because JSON escapes them. */
const ESCAPED = new Set(['"', '\\']);

/**
 * Makes the mask for one conversation.
 *
 * `known` are the texts it meets: its stand-ins occur in none. `kept` are left as they are, so that a template
 * may look for them.
 *
 * Throws   RangeError when `known` uses every private character
 */
export function createMask(
  specialTokens: readonly string[],
  known: readonly string[],
  kept: readonly string[],
): Mask {
  const hidden = new Set(specialTokens.flatMap(marksOf));
  const used = new Set(known.flatMap((text) => [...text]));
  const standIns = new Map<string, string>();
  const free = unused(used);
  for (const character of hidden) {
    if (!used.has(character)) continue;
    const { value, done } = free.next();
    if (done) throw new RangeError('the conversation uses every private character of Unicode');
    standIns.set(character, value);
  }
  const originals = new Map([...standIns].map(([character, standIn]) => [standIn, character]));

  const split = kept.length > 0 ? new RegExp(`(${kept.map(escapePattern).join('|')})`, 'u') : undefined;
  const hideAll = (text: string) => replaceAll(text, standIns);
  return {
    hide(text) {
      if (split === undefined) return hideAll(text);
      return text
        .split(split)
        .map((part, i) => (i % 2 === 1 ? part : hideAll(part)))
        .join('');
    },
    reveal: (text) => replaceAll(text, originals),
  };
}

/** Makes text match itself in a regular expression. */
export function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** The punctuation without which a token cannot be spelt; where it has none, all of it. */
function marksOf(token: string): string[] {
  const characters = [...token];
  const marks = characters.filter((c) => !/[\p{L}\p{N}\s]/u.test(c) && !ESCAPED.has(c));
  return marks.length > 0 ? marks : characters;
}

function* unused(used: ReadonlySet<string>): Generator<string, undefined> {
  for (const [first, last] of PRIVATE_USE)
    for (let point = first; point <= last; point++) {
      const character = String.fromCodePoint(point);
      if (!used.has(character)) yield character;
    }
}

function replaceAll(text: string, by: ReadonlyMap<string, string>): string {
  if (by.size === 0) return text;
  const pattern = new RegExp(
    `[${[...by.keys()].map((c) => `\\u{${c.codePointAt(0)!.toString(16)}}`).join('')}]`,
    'gu',
  );
  return text.replace(pattern, (character) => by.get(character)!);
}
