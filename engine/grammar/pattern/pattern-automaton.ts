import { SchemaError } from '../../errors.ts';
import {
  ANY_CHAR,
  type CharAutomaton,
  type CharRange,
  complement,
  explore,
  intersect,
} from './char-automaton.ts';
import { type Lookahead, type Pattern, parsePattern } from './parse-pattern.ts';

type Step = 'empty' | 'start' | 'end' | readonly CharRange[];

interface Edge {
  readonly step: Step;
  readonly target: number;
}

const MAX_STATES = 8000; // before they are made deterministic
const MAX_WORK = 10_000_000; // edges looked at meanwhile

/**
 * The texts in which the pattern matches somewhere, as a schema means it: `^` and `$` tie it to their ends. Lookaheads may
 * stand right after a `^` that begins it.
 *
 * Throws   SchemaError for a pattern that is not supported, or needs too many states
 */
export function patternAutomaton(source: string): CharAutomaton {
  const pattern = parsePattern(source);
  const [start, ...others] = pattern.type === 'sequence' ? pattern.parts : [];
  const end = others.findIndex(({ type }) => type !== 'look');
  const looks = start?.type === 'start' ? others.slice(0, end < 0 ? others.length : end) : [];
  if (looks.length === 0) return automatonOf(pattern, source);

  const rest: Pattern = { type: 'sequence', parts: [{ type: 'start' }, ...others.slice(looks.length)] };
  return (looks as Lookahead[])
    .map(({ isNegative, part }) => {
      const ahead = automatonOf({ type: 'sequence', parts: [{ type: 'start' }, part] }, source);
      return isNegative ? complement(ahead) : ahead;
    })
    .reduce(intersect, automatonOf(rest, source));
}

function automatonOf(pattern: Pattern, source: string): CharAutomaton {
  const edges: Edge[][] = [];
  const state = () => {
    if (edges.length === MAX_STATES) throw tooLarge(source);
    return edges.push([]) - 1;
  };

  function write(pattern: Pattern, from: number, to: number): void {
    switch (pattern.type) {
      case 'set':
        edges[from]!.push({ step: pattern.ranges, target: to });
        return;
      case 'start':
      case 'end':
        edges[from]!.push({ step: pattern.type, target: to });
        return;
      case 'sequence': {
        const last = pattern.parts.reduce((at, part) => then(part, at), from);
        edges[last]!.push({ step: 'empty', target: to });
        return;
      }
      case 'choice':
        for (const part of pattern.parts) write(part, from, to);
        return;
      case 'repeat':
        writeRepeat(pattern, from, to);
        return;
      case 'look':
        throw new SchemaError(
          [],
          `${JSON.stringify(source)}: lookahead is supported right after the first ^ only`,
        );
    }
  }

  function writeRepeat(
    { part, min, max }: Extract<Pattern, { type: 'repeat' }>,
    from: number,
    to: number,
  ): void {
    let at = from;
    for (let i = 0; i < min; i++) at = then(part, at);
    if (max === Infinity) {
      const loop = then({ type: 'sequence', parts: [] }, at);
      edges[then(part, loop)]!.push({ step: 'empty', target: loop });
      at = loop;
    }
    for (let i = min; i < max && max < Infinity; i++) {
      edges[at]!.push({ step: 'empty', target: to });
      at = then(part, at);
    }
    edges[at]!.push({ step: 'empty', target: to });
  }

  function then(part: Pattern, from: number): number {
    const next = state();
    write(part, from, next);
    return next;
  }

  const [before, after] = [state(), state()];
  edges[before]!.push({ step: [ANY_CHAR], target: before });
  edges[after]!.push({ step: [ANY_CHAR], target: after });
  write(pattern, before, after);
  return determinise(edges, before, after, () => tooLarge(source));
}

/** `^` leads on before the first character, `$` after the last. */
function determinise(
  edges: readonly (readonly Edge[])[],
  start: number,
  end: number,
  tooMuch: () => SchemaError,
): CharAutomaton {
  let work = 0;
  function close(states: Iterable<number>, free: readonly Step[]): number[] {
    const closed = new Set(states);
    for (const state of closed)
      for (const { step, target } of edges[state]!) {
        if (++work > MAX_WORK) throw tooMuch();
        if (free.includes(step)) closed.add(target);
      }
    return [...closed].sort((a, b) => a - b);
  }

  interface Item {
    readonly states: readonly number[];
    readonly isFirst: boolean;
  }
  const first: Item = { states: close([start], ['empty', 'start']), isFirst: true };
  const nameOf = ({ states, isFirst }: Item) => states.join() + (isFirst ? '^' : '');

  return explore<Item>(first, nameOf, ({ states, isFirst }) => {
    const ends = close(states, isFirst ? ['empty', 'start', 'end'] : ['empty', 'end']);
    const taken = states.flatMap((state) =>
      edges[state]!.flatMap(({ step, target }) =>
        typeof step === 'string' ? [] : step.map((range) => ({ ...range, target })),
      ),
    );
    work += taken.length ** 2;
    if (work > MAX_WORK) throw tooMuch();
    const targets = new Map<string, Item>(); // most cuts lead to few places
    return {
      isEnd: ends.includes(end),
      edges: disjoint(taken).map(({ low, high, targets: found }) => {
        const name = found.join();
        const to = targets.get(name) ?? { states: close(found, ['empty']), isFirst: false };
        targets.set(name, to);
        return { low, high, to };
      }),
    };
  });
}

/** Ranges cut where any of them begins or ends, each with all it leads to. */
function disjoint(ranges: readonly (CharRange & { readonly target: number })[]) {
  const cuts = [...new Set(ranges.flatMap(({ low, high }) => [low, high + 1]))].sort((a, b) => a - b);
  const pieces: { low: number; high: number; targets: readonly number[] }[] = [];
  for (let i = 0; i + 1 < cuts.length; i++) {
    const [low, high] = [cuts[i]!, cuts[i + 1]! - 1];
    const inside = ranges.filter((range) => range.low <= low && high <= range.high);
    const targets = [...new Set(inside.map(({ target }) => target))].sort((a, b) => a - b);
    if (targets.length === 0) continue;
    const last = pieces.at(-1);
    if (last && last.high === low - 1 && last.targets.join() === targets.join()) last.high = high;
    else pieces.push({ low, high, targets });
  }
  return pieces;
}

const tooLarge = (source: string) =>
  new SchemaError([], `${JSON.stringify(source.slice(0, 100))}: needs too many states`);
