import type { Tool } from '../../models/prompts/prompt.ts';
import type { Tokenizer } from '../../models/tokenizer/tokenizer.ts';
import type { Matcher } from '../grammar/grammar.ts';
import { type CallOpening, createFindOpening, MAX_OPENING } from './call-opening.ts';
import { byteText, type CrossingTokens } from './crossing-tokens.ts';

export interface StrictMatcherParts {
  /** Those whose arguments follow their parameters. */
  readonly tools: readonly Pick<Tool, 'name'>[];
  readonly tokenizer: Tokenizer;
  readonly crossing: () => CrossingTokens;
  /** Holds what comes behind an opening to the tool's parameters, up to the end of its arguments. */
  readonly matchArguments: (opening: CallOpening) => Matcher;
}

const EVERY_BIT = 0xffffffff;

/**
 * Lets a reply be what it likes, until it begins to call a strict tool: then the arguments follow the tool's parameters,
 * and after them it is free again. A token may not go on behind the opening: its end is where the arguments begin.
 */
export function createStrictMatcher(parts: StrictMatcherParts): Matcher {
  const { tools, tokenizer, crossing, matchArguments } = parts;
  const findOpening = createFindOpening(tools);
  const { vocabSize } = tokenizer;
  let said = ''; // the last of it, a character for each byte
  let inside: Matcher | undefined;

  const crosses = (begin: string) => findOpening(said, begin) !== undefined;

  return {
    mask(into) {
      if (inside) return inside.mask(into);
      into.fill(EVERY_BIT);
      if (vocabSize % 32 > 0) into[vocabSize >> 5] = 2 ** (vocabSize % 32) - 1;
      for (const [begin, ids] of crossing())
        if (crosses(begin)) for (const id of ids) into[id >> 5]! &= ~(1 << (id & 31));
    },
    accepts(id) {
      if (inside) return inside.accepts(id);
      if (tokenizer.isSpecial(id)) return true;
      const text = byteText(tokenizer.bytes(id));
      for (let i = 1; i < text.length; i++) if (crosses(text.slice(0, i))) return false;
      return true;
    },
    push(id) {
      if (inside) {
        inside.push(id);
        if (!inside.isFinished) return;
        inside = undefined;
        said = ','; // where another call may follow
        return;
      }
      said = tokenizer.isSpecial(id) ? '[' : (said + byteText(tokenizer.bytes(id))).slice(-MAX_OPENING);
      const opening = findOpening(said, '');
      if (opening) inside = matchArguments(opening);
    },
    get isComplete() {
      return inside === undefined;
    },
    get isFinished() {
      return false;
    },
  };
}
