import { SchemaError } from '../errors.ts';

/** What an edge takes: one byte, nothing, a procedure once, a procedure some times over; or it was cut. */
export const BYTE = 0;
export const EMPTY = 1;
export const CALL = 2;
export const LOOP = 3;
export const CUT = 4;

/**
 * A grammar as a graph: procedures, which are states joined by edges. Entry `e` of each column is edge `e`.
 *
 * `a` is the lowest byte of BYTE, and the procedure of CALL and LOOP; `b` the highest byte, and the place in `loops`.
 */
export interface Program {
  readonly procedures: readonly Procedure[];
  readonly loops: readonly Loop[];
  readonly stateCount: number;
  /** The first edge of each state, or -1. */
  readonly first: ArrayLike<number>;
  /** The next edge of the same state, or -1. */
  readonly next: ArrayLike<number>;
  readonly kind: ArrayLike<number>;
  readonly target: ArrayLike<number>;
  readonly a: ArrayLike<number>;
  readonly b: ArrayLike<number>;
}

/** It is through when it comes to its end, which no edge leaves. */
export interface Procedure {
  readonly start: number;
  readonly end: number;
}

export interface Loop {
  readonly min: number;
  readonly max: number; // or Infinity
}

/** Writes a program. Throws SchemaError past the limit. */
export function createProgramBuilder(maxStates: number) {
  const procedures: Procedure[] = [];
  const loops: Loop[] = [];
  const first: number[] = [];
  const next: number[] = [];
  const kind: number[] = [];
  const target: number[] = [];
  const a: number[] = [];
  const b: number[] = [];

  return {
    state(): number {
      if (first.length === maxStates)
        throw new SchemaError([], `is too large: it needs more than ${maxStates} states`);
      return first.push(-1) - 1;
    },
    edge(from: number, edgeKind: number, to: number, low = 0, high = 0): void {
      if (next.length === maxStates * EDGES_PER_STATE)
        throw new SchemaError([], `is too large: it needs more than ${next.length} steps`);
      next.push(first[from]!);
      kind.push(edgeKind);
      target.push(to);
      a.push(low);
      b.push(high);
      first[from] = next.length - 1;
    },
    procedure: (start: number, end: number) => procedures.push({ start, end }) - 1,
    loop: (min: number, max: number) => loops.push({ min, max }) - 1,
    build: (): Program => ({
      ...{ procedures, loops },
      stateCount: first.length,
      first: Int32Array.from(first),
      next: Int32Array.from(next),
      kind: Uint8Array.from(kind),
      target: Int32Array.from(target),
      a: Int32Array.from(a),
      b: Int32Array.from(b),
    }),
  };
}
export type ProgramBuilder = ReturnType<typeof createProgramBuilder>;

const EDGES_PER_STATE = 8;
