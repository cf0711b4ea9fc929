import type { Tool } from '../../models/prompts/prompt.ts';
import { MAX_ID } from './read-json-call.ts';

/** The arguments of a call are to come. */
export interface CallOpening {
  readonly name: string;
  readonly form: 'python' | 'json' | 'tagged';
}

/** More characters than an opening has, with some white space in it. */
export const MAX_OPENING = 1024;

const SPACE = '[ \\t\\r\\n]*';
const ENDS = [
  { last: '(', pattern: /([\w-]{1,64})(?:\.call)?\($/ },
  { last: ':', pattern: new RegExp(`["'](?:parameters|arguments)["']${SPACE}:$`) },
  { last: '>', pattern: /<function=([\w-]{1,64})>$/ },
];
/** The last character of every opening. */
export const OPENING_ENDS = ENDS.map(({ last }) => last);

const BEFORE_CALL = /(?:[[,;\n)\]}]|<\|python_tag\|>)$/;
const LONGEST_END = 80;

const member = (key: string, value: string) =>
  `["']${key}["']${SPACE}:${SPACE}["']${value}["']${SPACE},${SPACE}`;
const beside = `(?:${member('type', 'function')}|${member('id', `[^"'\\\\]{0,${MAX_ID}}`)})*`;
const JSON_BEFORE_KEY = new RegExp(
  `\\{${SPACE}${beside}${member('(?:name|function)', '([\\w-]{1,64})')}${beside}$`,
);

/** Finds the opening of a call of one of the tools, in any form that the parser takes, that `more` ends behind `before`. */
export type FindOpening = (before: string, more: string) => CallOpening | undefined;

export function createFindOpening(tools: readonly Pick<Tool, 'name'>[]): FindOpening {
  const names = new Set(tools.map(({ name }) => name));
  const opening = (name: string | undefined, form: CallOpening['form']) =>
    name !== undefined && names.has(name) ? { name, form } : undefined;

  return (before, more) => {
    const near = before.slice(-LONGEST_END) + more; // most texts are no opening by their last characters
    const [end, name] = (ENDS.find(({ last }) => near.endsWith(last))?.pattern.exec(near) ?? []) as string[];
    if (end === undefined || (name !== undefined && !names.has(name))) return undefined;
    if (near.endsWith('>')) return opening(name, 'tagged');

    const start = (before + more).slice(0, -end.length);
    if (near.endsWith('('))
      return BEFORE_CALL.test(withoutSpace(start).slice(-16)) ? opening(name, 'python') : undefined;
    return opening(JSON_BEFORE_KEY.exec(start)?.[1], 'json');
  };
}

/** Less white space at its end, but for a line's end, behind which a call may stand. */
function withoutSpace(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\r'.includes(text[end - 1]!)) end--;
  return text.slice(0, end);
}
