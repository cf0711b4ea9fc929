import type { Tool } from '../../models/prompts/prompt.ts';
import { MAX_ID } from './read-json-call.ts';

/** The arguments of a call are to come. */
export interface CallOpening {
  readonly name: string;
  readonly form: 'python' | 'json' | 'tagged';
}

/** More characters than an opening has, with some white space in it. */
export const MAX_OPENING = 1024;

/** The last character of every opening. */
export const OPENING_ENDS = ['(', ':', '>'] as const;

const SPACE = '[ \\t\\r\\n]*';
const KEY_AT_END = new RegExp(`["'](?:parameters|arguments)["']${SPACE}:$`);
const CALL_AT_END = /([\w-]{1,64})(?:\.call)?\($/;
const TAG_AT_END = /<function=([\w-]{1,64})>$/;
const BEFORE_CALL = /(?:[[,;\n)\]}]|<\|python_tag\|>)$/;
const LONGEST_CALL = 80;

const member = (key: string, value: string) =>
  `["']${key}["']${SPACE}:${SPACE}["']${value}["']${SPACE},${SPACE}`;
const beside = `(?:${member('type', 'function')}|${member('id', `[^"'\\\\]{0,${MAX_ID}}`)})*`;
const JSON_BEFORE_KEY = new RegExp(
  `\\{${SPACE}${beside}${member('(?:name|function)', '([\\w-]{1,64})')}${beside}$`,
);

/** Finds, at the very end of a text, the opening of a call of one of the tools, in any form that the parser takes. */
export function createFindOpening(
  tools: readonly Pick<Tool, 'name'>[],
): (text: string) => CallOpening | undefined {
  const names = new Set(tools.map(({ name }) => name));
  const found = (name: string | undefined, form: CallOpening['form']) =>
    name !== undefined && names.has(name) ? { name, form } : undefined;

  return (text) => {
    if (text.endsWith('(')) {
      const [call = '', name] = CALL_AT_END.exec(text.slice(-LONGEST_CALL)) ?? [];
      const before = withoutSpace(text.slice(0, text.length - call.length));
      return BEFORE_CALL.test(before.slice(-16)) ? found(name, 'python') : undefined;
    }
    if (text.endsWith('>')) return found(TAG_AT_END.exec(text.slice(-LONGEST_CALL))?.[1], 'tagged');

    const key = KEY_AT_END.exec(text.slice(-LONGEST_CALL));
    if (!key) return undefined;
    return found(JSON_BEFORE_KEY.exec(text.slice(0, text.length - key[0].length))?.[1], 'json');
  };
}

/** Less white space at its end, but for a line's end, behind which a call may stand. */
function withoutSpace(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\r'.includes(text[end - 1]!)) end--;
  return text.slice(0, end);
}
