// The language that grammars are written in: rules over bytes, as plain values. `compileGrammar` makes them run.

/** Bytes from `low` to `high`, both among them. */
export interface ByteRange {
  readonly low: number;
  readonly high: number;
}

/** A state of an automaton. Several edges may take the same byte. */
export interface AutomatonState {
  readonly isEnd: boolean;
  readonly edges: readonly (ByteRange & { readonly target: number })[];
}

/** What may be written. */
export type Rule =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'class'; readonly ranges: readonly ByteRange[] }
  | { readonly type: 'sequence'; readonly rules: readonly Rule[] }
  | { readonly type: 'choice'; readonly rules: readonly Rule[] }
  | { readonly type: 'repeat'; readonly rule: Rule; readonly min: number; readonly max: number }
  | { readonly type: 'automaton'; readonly states: readonly AutomatonState[] }
  | { readonly type: 'shared'; readonly build: () => Rule };

const encoder = new TextEncoder();

/** This text and no other. */
export function literal(text: string): Rule {
  return { type: 'bytes', bytes: encoder.encode(text) };
}

/** One ASCII character of those in `characters`; `a-z` is a range. */
export function oneOf(characters: string): Rule {
  const ranges: ByteRange[] = [];
  for (let i = 0; i < characters.length; i++) {
    const low = characters.charCodeAt(i);
    const isRange = characters[i + 1] === '-' && i + 2 < characters.length;
    if (isRange) i += 2;
    ranges.push({ low, high: characters.charCodeAt(i) });
  }
  return { type: 'class', ranges };
}

/** One byte from `low` to `high`. */
export function byteRange(low: number, high: number): Rule {
  return { type: 'class', ranges: [{ low, high }] };
}

/** All of them, one after the other. */
export function sequence(...rules: readonly Rule[]): Rule {
  return { type: 'sequence', rules };
}

/** One of them. Of none, nothing can be written. */
export function choice(rules: readonly Rule[]): Rule {
  return { type: 'choice', rules };
}

/** The rule `min` to `max` times; `max` may be Infinity. */
export function repeat(rule: Rule, min: number, max: number): Rule {
  return { type: 'repeat', rule, min, max };
}

export function optional(rule: Rule): Rule {
  return repeat(rule, 0, 1);
}

/** Text that an automaton spells. State 0 is the first. */
export function automaton(states: readonly AutomatonState[]): Rule {
  return { type: 'automaton', states };
}

/**
 * A rule that stands once however often it is used, and may use itself. It has to write something before it does:
 * `compileGrammar` throws for one that does not.
 */
export function shared(build: () => Rule): Rule {
  return { type: 'shared', build };
}
