// Where a reply may be in its grammar: a set of places, each a state and the calls it is in. Calls that are in the same
// procedure since the same byte share one stack, so that an ambiguous grammar costs a polynomial and no more. Equal
// stacks and equal sets are the same object, which makes the sets the states of an automaton that is built as it is used.
import { SchemaError } from '../errors.ts';
import type { Grammar } from './compile.ts';
import { BYTE, CALL, EMPTY, LOOP } from './program.ts';

/** The calls that a procedure was entered by; none at the bottom. */
interface Stack {
  readonly id: number;
  readonly links: readonly Link[];
}

/** An edge, of a call or a loop, how many times round it this is, and what is below it. */
interface Link {
  readonly edge: number;
  readonly count: number;
  readonly below: Stack;
}

interface Place {
  readonly state: number;
  readonly stack: Stack;
}

/** All the places where a reply may be after the same bytes. */
export interface Places {
  readonly places: readonly Place[];
  readonly isComplete: boolean;
}

export interface Automaton {
  readonly start: Places;
  /** Where the byte leads; undefined when it may not come. Throws SchemaError for a grammar too ambiguous. */
  step(from: Places, byte: number): Places | undefined;
  /**
   * Places with counts that are far from their bounds, the same for many sets: tokens of up to `bytes` bytes that lead on
   * from those lead on from these.
   */
  relaxed(from: Places): { readonly places: Places; readonly bytes: number };
  /** About what it takes in memory now. */
  readonly bytes: number;
}

interface Known extends Places {
  /** By class of byte; null is nowhere. */
  next: (Known | null | undefined)[];
  epoch: number;
}

/** Counts that do not move: of a loop that is not to be left yet, and of one that may go on or be left. */
const FAR_BELOW = -2;
const FAR_WITHIN = -1;

const NEAR = 8; // rounds from a bound, where most tokens may come to it

const MAX_VISITS = 20_000; // for one byte
const MAX_KNOWN = 8192; // sets and stacks: some MB

/** The automaton of a grammar. Replies may share it. */
export function createAutomaton(grammar: Grammar): Automaton {
  const { program, order, classOf, classCount } = grammar;
  const { procedures, loops, first, next, kind, target, a, b, stateCount } = program;
  const bottom: Stack = { id: 0, links: [] };
  const stacks = new Map<string, Stack>();
  const sets = new Map<string, Known>();
  let stackIds = 1;
  let epoch = 0;

  function stackOf(links: readonly Link[]): Stack {
    const named = new Map(links.map((link) => [`${link.edge},${link.count},${link.below.id}`, link]));
    const key = [...named.keys()].sort().join(' ');
    const known = stacks.get(key);
    if (known) return known;
    const made = { id: stackIds++, links: [...named.values()] };
    stacks.set(key, made);
    return made;
  }

  /** All that can be reached from some places without a byte. */
  function close(begun: readonly Place[]): Known {
    const places: Place[] = [];
    const seen = new Set<number>();
    const calls = new Map<number, Map<string, Link>>(); // of procedures that are about to be entered
    let isComplete = false;
    let visits = 0;

    const call = (edge: number, count: number, below: Stack) => {
      const procedure = a[edge]!;
      const links = calls.get(procedure) ?? new Map<string, Link>();
      calls.set(procedure, links);
      links.set(`${edge},${count},${below.id}`, { edge, count, below });
    };

    function visit(firstState: number, firstStack: Stack, hasMoved: boolean): void {
      const found: Place[] = [{ state: firstState, stack: firstStack }];
      const reach = (state: number, stack: Stack) => {
        const key = stack.id * stateCount + state;
        if (seen.has(key)) return;
        seen.add(key);
        found.push({ state, stack });
      };
      found.length = 0;
      reach(firstState, firstStack);

      for (let place = found.pop(); place; place = found.pop()) {
        if (++visits > MAX_VISITS) throw tooAmbiguous();
        const { state, stack } = place;
        let takesByte = false;
        for (let edge = first[state]!; edge >= 0; edge = next[edge]!) {
          if (kind[edge] === BYTE) takesByte = true;
          else if (kind[edge] === EMPTY) reach(target[edge]!, stack);
          else if (kind[edge] === CALL) call(edge, 0, stack);
          else if (kind[edge] === LOOP) call(edge, 1, stack);
        }
        if (takesByte) places.push(place);
        if (isEnd[state] && hasMoved) leave(stack, reach);
      }
    }

    /** Goes on after the calls that a procedure was entered by. */
    function leave(stack: Stack, reach: (state: number, stack: Stack) => void): void {
      if (stack === bottom) isComplete = true;
      visits += stack.links.length;
      for (const { edge, count, below } of stack.links) {
        if (kind[edge] === CALL) {
          reach(target[edge]!, below);
          continue;
        }
        const { min, max } = loops[b[edge]!]!;
        if (count >= min || count === FAR_WITHIN) reach(target[edge]!, below);
        if (count < 0) call(edge, count, below);
        else if (max === Infinity) call(edge, Math.min(count + 1, Math.max(min, 1)), below);
        else if (count < max) call(edge, count + 1, below);
      }
    }

    for (const { state, stack } of begun) visit(state, stack, true);
    for (let place = 0; calls.size > 0; place++) {
      const procedure = order[place]!;
      const links = calls.get(procedure);
      if (!links) continue;
      calls.delete(procedure);
      visits += links.size;
      visit(procedures[procedure]!.start, stackOf([...links.values()]), false); // what it can end without, its callers know
    }
    return setOf(places, isComplete);
  }

  const isEnd = new Uint8Array(stateCount);
  for (const { end } of procedures) isEnd[end] = 1;

  function setOf(places: Place[], isComplete: boolean): Known {
    places.sort((x, y) => x.state - y.state || x.stack.id - y.stack.id);
    const key = places.map(({ state, stack }) => `${state},${stack.id}`).join() + isComplete;
    const known = sets.get(key);
    if (known) return known;
    if (sets.size >= MAX_KNOWN || stacks.size >= MAX_KNOWN) forget();
    const made: Known = { places, isComplete, next: new Array(classCount), epoch };
    sets.set(key, made);
    return made;
  }

  /** Whoever holds a set still can go on from it. */
  function forget(): void {
    sets.clear();
    stacks.clear();
    epoch++;
  }

  function move(from: Known, byte: number): Known | null {
    const moved: Place[] = [];
    for (const { state, stack } of from.places)
      for (let edge = first[state]!; edge >= 0; edge = next[edge]!)
        if (kind[edge] === BYTE && a[edge]! <= byte && byte <= b[edge]!)
          moved.push({ state: target[edge]!, stack });
    return moved.length === 0 ? null : close(moved);
  }

  /** Counts only loops that a place is in at once: those further down rarely move within a token. */
  function relaxed(from: Places): { places: Places; bytes: number } {
    let bytes = Infinity;
    const relaxedLink = (link: Link): Link => {
      const { min, max } = kind[link.edge] === LOOP ? loops[b[link.edge]!]! : { min: 0, max: Infinity };
      const isBelow = link.count < min;
      const rounds = (isBelow ? min : max) - link.count; // each takes a byte at least
      if (max === Infinity || rounds < NEAR) return link;
      bytes = Math.min(bytes, rounds);
      return { ...link, count: isBelow ? FAR_BELOW : FAR_WITHIN };
    };
    const places = new Map<string, Place>();
    for (const { state, stack } of from.places) {
      const links = stack.links.map(relaxedLink);
      const next = bytes === Infinity ? stack : stackOf(links);
      places.set(`${state},${next.id}`, { state, stack: next });
    }
    return bytes === Infinity
      ? { places: from, bytes }
      : { places: setOf([...places.values()], from.isComplete), bytes };
  }

  const programBytes = 17 * kind.length + 4 * stateCount;
  return {
    get bytes() {
      return programBytes + sets.size * (8 * classCount + 200) + stacks.size * 200;
    },
    start: close([{ state: procedures[0]!.start, stack: bottom }]),
    relaxed,
    step(places, byte) {
      const from = places as Known;
      if (from.epoch !== epoch) {
        from.next = new Array(classCount);
        from.epoch = epoch;
      }
      const byteClass = classOf[byte]!;
      const known = from.next[byteClass];
      if (known !== undefined) return known ?? undefined;
      const moved = move(from, byte);
      if (from.epoch === epoch) from.next[byteClass] = moved;
      return moved ?? undefined;
    },
  };
}

const tooAmbiguous = () =>
  new SchemaError(
    [],
    `its schema can be read in too many ways at once: more than ${MAX_VISITS} steps for one byte`,
  );
