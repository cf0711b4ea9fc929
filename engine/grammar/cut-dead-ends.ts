import { SchemaError } from '../errors.ts';
import { BYTE, CALL, CUT, EMPTY, LOOP, type Program, type ProgramBuilder } from './program.ts';

/**
 * The program without what leads nowhere: from wherever a reply is, it can come to its end. What a call, or a loop, may
 * do without writing anything becomes an edge of its own.
 *
 * Throws   SchemaError when nothing can be written at all
 */
export function cutDeadEnds(builder: ProgramBuilder): Program {
  const written = builder.build();
  const silent = proceduresThatEnd(written, 'in silence');
  const loops = [...written.loops];
  for (let state = 0; state < written.stateCount; state++)
    for (let edge = written.first[state]!; edge >= 0; edge = written.next[edge]!) {
      const isSilent = isCall(written.kind[edge]!) && silent.has(written.a[edge]!);
      if (isSilent && written.kind[edge] === LOOP)
        loops[written.b[edge]!] = { ...loops[written.b[edge]!]!, min: 0 };
      if (isSilent || isOptional(written, edge)) builder.edge(state, EMPTY, written.target[edge]!);
    }

  const program = builder.build();
  const ending = proceduresThatEnd(program, 'over bytes');
  if (!ending.has(0)) throw new SchemaError([], 'cannot be met: there is nothing that could be written');

  const kind = Uint8Array.from(program.kind);
  for (let edge = 0; edge < kind.length; edge++)
    if (isCall(kind[edge]!) && !ending.has(program.a[edge]!)) kind[edge] = CUT;
  cutUnreturning(program, kind);
  return { ...program, kind, loops };
}

const isCall = (kind: number) => kind === CALL || kind === LOOP;

const isOptional = ({ kind, b, loops }: Program, edge: number) =>
  kind[edge] === LOOP && loops[b[edge]!]!.min === 0;

/** The procedures with a way from start to end. Looks at every edge once. */
function proceduresThatEnd(program: Program, how: 'in silence' | 'over bytes'): ReadonlySet<number> {
  const { procedures, stateCount, first, next, kind, target, a } = program;
  const ending = new Set<number>();
  const endOf = new Map(procedures.map(({ end }, number) => [end, number]));
  const waiting: number[][] = procedures.map(() => []); // for a procedure: where its callers go on
  const seen = new Uint8Array(stateCount);
  const found: number[] = [];
  const reach = (state: number) => {
    if (seen[state]) return;
    seen[state] = 1;
    found.push(state);
  };

  for (const { start } of procedures) reach(start);
  for (let state = found.pop(); state !== undefined; state = found.pop()) {
    const number = endOf.get(state);
    if (number !== undefined) {
      ending.add(number);
      for (const after of waiting[number]!) reach(after);
    }
    for (let edge = first[state]!; edge >= 0; edge = next[edge]!) {
      const isFree = kind[edge] === BYTE ? how === 'over bytes' : kind[edge] === EMPTY;
      if (isFree || isOptional(program, edge)) reach(target[edge]!);
      else if (isCall(kind[edge]!)) {
        if (ending.has(a[edge]!)) reach(target[edge]!);
        else waiting[a[edge]!]!.push(target[edge]!);
      }
    }
  }
  return ending;
}

/** Cuts the edges to states from which the end of their procedure cannot be reached. */
function cutUnreturning({ procedures, stateCount, first, next, target }: Program, kind: Uint8Array): void {
  const sources: number[][] = Array.from({ length: stateCount }, () => []);
  for (let state = 0; state < stateCount; state++)
    for (let edge = first[state]!; edge >= 0; edge = next[edge]!)
      if (kind[edge] !== CUT) sources[target[edge]!]!.push(state);

  const returning = new Set(procedures.map(({ end }) => end));
  for (const state of returning) for (const source of sources[state]!) returning.add(source);
  for (let edge = 0; edge < kind.length; edge++) if (!returning.has(target[edge]!)) kind[edge] = CUT;
}
