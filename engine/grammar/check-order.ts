import { SchemaError } from '../errors.ts';
import { CALL, EMPTY, LOOP, type Program } from './program.ts';

/**
 * The procedures in an order in which those that may begin where another begins come after it.
 *
 * Throws   SchemaError when one may begin where it begins itself: it would never write anything
 */
export function checkOrder(program: Program): number[] {
  const { procedures } = program;
  const entered = procedures.map(({ start }) => enteredFrom(program, start));
  const waiting = procedures.map(() => 0);
  for (const callees of entered) for (const callee of callees) waiting[callee]!++;

  const order: number[] = [];
  const ready = procedures.flatMap((_, number) => (waiting[number] === 0 ? [number] : []));
  for (let number = ready.pop(); number !== undefined; number = ready.pop()) {
    order.push(number);
    for (const callee of entered[number]!) if (--waiting[callee]! === 0) ready.push(callee);
  }
  if (order.length < procedures.length)
    throw new SchemaError([], 'refers to itself with nothing in between, so that it says nothing');
  return order;
}

/** The procedures that may be entered from a state before any byte is written. */
function enteredFrom({ first, next, kind, target, a }: Program, start: number): ReadonlySet<number> {
  const callees = new Set<number>();
  const seen = new Set([start]);
  for (const state of seen)
    for (let edge = first[state]!; edge >= 0; edge = next[edge]!) {
      if (kind[edge] === EMPTY) seen.add(target[edge]!);
      if (kind[edge] === CALL || kind[edge] === LOOP) callees.add(a[edge]!);
    }
  return callees;
}
