// Automata over code points: what string patterns, formats and lengths become, so that they can be combined.
import { SchemaError } from '../../errors.ts';

/** Code points from `low` to `high`, both among them. */
export interface CharRange {
  readonly low: number;
  readonly high: number;
}

/** A deterministic state: its ranges do not overlap, and stand in order. What none of them takes is refused. */
export interface CharState {
  readonly isEnd: boolean;
  readonly edges: readonly (CharRange & { readonly target: number })[];
}

/** State 0 is the first. */
export type CharAutomaton = readonly CharState[];

export const MAX_CHAR = 0x10ffff;
export const ANY_CHAR: CharRange = { low: 0, high: MAX_CHAR };
const MAX_STATES = 2000;

/** What both spell. Throws SchemaError when that needs too many states. */
export function intersect(a: CharAutomaton, b: CharAutomaton): CharAutomaton {
  return explore<readonly [number, number]>(
    [0, 0],
    ([x, y]) => `${x},${y}`,
    ([x, y]) => ({
      isEnd: a[x]!.isEnd && b[y]!.isEnd,
      edges: a[x]!.edges.flatMap((left) =>
        b[y]!.edges.flatMap((right) => {
          const low = Math.max(left.low, right.low);
          const high = Math.min(left.high, right.high);
          return low <= high ? [{ low, high, to: [left.target, right.target] as const }] : [];
        }),
      ),
    }),
  );
}

/** Every text that it does not spell. */
export function complement(automaton: CharAutomaton): CharAutomaton {
  const free = -1; // once no edge has taken a character
  return explore<number>(0, String, (state) => {
    if (state === free) return { isEnd: true, edges: [{ ...ANY_CHAR, to: free }] };
    const edges: (CharRange & { to: number })[] = [];
    let low = 0;
    for (const edge of automaton[state]!.edges) {
      if (low < edge.low) edges.push({ low, high: edge.low - 1, to: free });
      edges.push({ low: edge.low, high: edge.high, to: edge.target });
      low = edge.high + 1;
    }
    if (low <= MAX_CHAR) edges.push({ low, high: MAX_CHAR, to: free });
    return { isEnd: !automaton[state]!.isEnd, edges };
  });
}

/** `min` to `max` characters; `max` may be Infinity. */
export function ofLength(min: number, max: number): CharAutomaton {
  return explore<number>(0, String, (length) => ({
    isEnd: length >= min,
    edges:
      length < max ? [{ ...ANY_CHAR, to: max === Infinity ? Math.min(length + 1, min) : length + 1 }] : [],
  }));
}

/** Every text but these. */
export function noneOf(texts: readonly string[]): CharAutomaton {
  const words = texts.map((text) => Array.from(text, (character) => character.codePointAt(0)!));
  interface Part {
    readonly length: number;
    readonly words: readonly (readonly number[])[]; // that begin so; none once the text is like no word
  }
  let parts = 0;
  const names = new Map<string, string>();
  const nameOf = ({ length, words }: Part): string => {
    if (words.length === 0) return 'free';
    const prefix = words[0]!.slice(0, length).join();
    if (!names.has(prefix)) names.set(prefix, String(parts++));
    return names.get(prefix)!;
  };
  return explore<Part>({ length: 0, words }, nameOf, ({ length, words }) => {
    const nexts = [...new Set(words.flatMap((word) => word[length] ?? []))].sort((a, b) => a - b);
    const free: Part = { length: 0, words: [] };
    const edges: (CharRange & { to: Part })[] = [];
    let low = 0;
    for (const next of nexts) {
      if (low < next) edges.push({ low, high: next - 1, to: free });
      const to = { length: length + 1, words: words.filter((word) => word[length] === next) };
      edges.push({ low: next, high: next, to });
      low = next + 1;
    }
    if (low <= MAX_CHAR) edges.push({ low, high: MAX_CHAR, to: free });
    return { isEnd: !words.some((word) => word.length === length), edges };
  });
}

interface Seen<T> {
  readonly isEnd: boolean;
  readonly edges: readonly (CharRange & { readonly to: T })[];
}

/** Numbers all that can be reached, in the order it is found. Throws SchemaError past the limit. */
export function explore<T>(start: T, nameOf: (item: T) => string, look: (item: T) => Seen<T>): CharAutomaton {
  const numbers = new Map([[nameOf(start), 0]]);
  const items = [start];
  const states: CharState[] = [];
  for (let item = items[0]; item !== undefined; item = items[states.length]) {
    const { isEnd, edges } = look(item);
    states.push({
      isEnd,
      edges: edges.map(({ low, high, to }) => {
        const name = nameOf(to);
        let target = numbers.get(name);
        if (target === undefined) {
          if (items.length === MAX_STATES) throw new SchemaError([], `needs more than ${MAX_STATES} states`);
          target = items.push(to) - 1;
          numbers.set(name, target);
        }
        return { low, high, target };
      }),
    });
  }
  return withoutDeadEnds(states);
}

/** Only edges that can still come to an end. */
function withoutDeadEnds(states: CharAutomaton): CharAutomaton {
  const sources: number[][] = states.map(() => []);
  for (const [from, { edges }] of states.entries())
    for (const { target } of edges) sources[target]!.push(from);
  const alive = new Set(states.flatMap(({ isEnd }, state) => (isEnd ? [state] : [])));
  for (const state of alive) for (const source of sources[state]!) alive.add(source);
  return states.map(({ isEnd, edges }) => ({
    isEnd,
    edges: edges.filter(({ target }) => alive.has(target)),
  }));
}

/** Whether it spells nothing at all. */
export function isEmpty(automaton: CharAutomaton): boolean {
  return !automaton.some(({ isEnd }) => isEnd); // all states were reached
}
