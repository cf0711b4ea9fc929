import { checkOrder } from './check-order.ts';
import { cutDeadEnds } from './cut-dead-ends.ts';
import { BYTE, CALL, createProgramBuilder, EMPTY, LOOP, type Program } from './program.ts';
import type { Rule } from './rule.ts';

/** A grammar that replies can be held to. */
export interface Grammar {
  readonly program: Program;
  /** The order in which procedures that begin at the same place are entered: each after all that may enter it. */
  readonly order: readonly number[];
  /** Bytes that no edge tells apart have the same class. */
  readonly classOf: Uint8Array;
  readonly classCount: number;
}

export const MAX_STATES = 100_000; // about 10 MB with their edges
const MAX_UNROLLED = 8;

/**
 * Makes a rule run.
 *
 * Throws   SchemaError when it needs more than `maxStates`, can write nothing, or may use itself before it has
 *          written something
 */
export function compileGrammar(root: Rule, maxStates = MAX_STATES): Grammar {
  const builder = createProgramBuilder(maxStates);
  const numbers = new Map<Rule, number>(); // of procedures
  const unwritten: { readonly rule: Rule; readonly start: number; readonly end: number }[] = [];

  function procedureOf(rule: Rule): number {
    const known = numbers.get(rule);
    if (known !== undefined) return known;
    const start = builder.state();
    const end = builder.state();
    const number = builder.procedure(start, end);
    numbers.set(rule, number);
    unwritten.push({ rule: rule.type === 'shared' ? rule.build() : rule, start, end });
    return number;
  }

  /** Joins two states by all that the rule may write. */
  function write(rule: Rule, from: number, to: number): void {
    switch (rule.type) {
      case 'bytes': {
        const end = rule.bytes.reduce(
          (at, byte) => then({ type: 'class', ranges: [{ low: byte, high: byte }] }, at),
          from,
        );
        builder.edge(end, EMPTY, to);
        break;
      }
      case 'class':
        for (const { low, high } of rule.ranges) builder.edge(from, BYTE, to, low, high);
        break;
      case 'sequence': {
        const end = rule.rules.reduce((at, part) => then(part, at), from);
        builder.edge(end, EMPTY, to);
        break;
      }
      case 'choice':
        for (const part of rule.rules) write(part, from, to);
        break;
      case 'repeat':
        writeRepeat(rule, from, to);
        break;
      case 'automaton':
        writeAutomaton(rule, from, to);
        break;
      case 'shared':
        builder.edge(from, CALL, to, procedureOf(rule));
    }
  }

  /** The state after the rule. */
  function then(rule: Rule, from: number): number {
    const to = builder.state();
    write(rule, from, to);
    return to;
  }

  function writeRepeat(
    { rule, min, max }: Extract<Rule, { type: 'repeat' }>,
    from: number,
    to: number,
  ): void {
    if (min <= 1 && max === Infinity) {
      const start = then({ type: 'sequence', rules: [] }, from);
      const end = then(rule, start);
      builder.edge(end, EMPTY, start);
      builder.edge(min === 0 ? start : end, EMPTY, to);
    } else if (max <= (rule.type === 'class' ? MAX_UNROLLED : 1)) {
      let at = from;
      for (let i = 0; i < max; i++) {
        if (i >= min) builder.edge(at, EMPTY, to);
        at = then(rule, at);
      }
      builder.edge(at, EMPTY, to);
    } else {
      builder.edge(from, LOOP, to, procedureOf(rule), builder.loop(min, max));
    }
  }

  function writeAutomaton({ states }: Extract<Rule, { type: 'automaton' }>, from: number, to: number): void {
    const numbers = states.map(() => builder.state());
    builder.edge(from, EMPTY, numbers[0]!);
    for (const [i, { isEnd, edges }] of states.entries()) {
      for (const { low, high, target } of edges) builder.edge(numbers[i]!, BYTE, numbers[target]!, low, high);
      if (isEnd) builder.edge(numbers[i]!, EMPTY, to);
    }
  }

  procedureOf({ type: 'shared', build: () => root });
  for (let next = unwritten.pop(); next; next = unwritten.pop()) write(next.rule, next.start, next.end);

  const program = cutDeadEnds(builder);
  return { program, order: checkOrder(program), ...byteClasses(program) };
}

function byteClasses({ kind, a, b }: Program): Pick<Grammar, 'classOf' | 'classCount'> {
  const begins = new Uint8Array(257);
  for (let edge = 0; edge < kind.length; edge++) {
    if (kind[edge] !== BYTE) continue;
    begins[a[edge]!] = 1;
    begins[b[edge]! + 1] = 1;
  }
  const classOf = new Uint8Array(256);
  for (let byte = 1; byte < 256; byte++) classOf[byte] = classOf[byte - 1]! + begins[byte]!;
  return { classOf, classCount: classOf[255]! + 1 };
}
