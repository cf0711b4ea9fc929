/**
 * Rewrites JSON text token by token: numbers stay as they were written, and depth costs no stack. The text has to be
 * JSON, as `JSON.parse` takes it.
 */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;
const SPACED: Readonly<Record<string, string>> = { ',': ', ', ':': ': ' };
const PYTHON: Readonly<Record<string, string>> = { ...SPACED, true: 'True', false: 'False', null: 'None' };

/** With a space after each comma and colon, as Python's `json.dumps` writes it. */
export function spacedJson(text: string): string {
  return rewrite(text, SPACED);
}

/** As a literal of Python. JSON's strings and numbers are Python's, too. */
export function pythonLiteral(text: string): string {
  return rewrite(text, PYTHON);
}

/** The members of an object, values as text; nothing when the text is not a JSON object. */
export function jsonMembers(text: string): readonly (readonly [key: string, value: string])[] | undefined {
  if (!isObject(text)) return undefined;
  const members: [string, string][] = [];
  let depth = 0;
  let key: string | undefined;
  let value = '';
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '}' || token === ']') depth--;
    const isBetween = depth === 0 || (depth === 1 && token === ',');
    if (isBetween && key !== undefined) {
      members.push([key, value]);
      key = undefined;
    } else if (depth === 1 && key === undefined) {
      key = JSON.parse(token);
      value = '';
    } else if (!isBetween && !(depth === 1 && token === ':')) {
      value += token;
    }
    if (token === '{' || token === '[') depth++;
  }
  return members;
}

/** How deep its lists and objects lie in one another, should it be JSON. */
export function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') deepest = Math.max(deepest, ++depth);
    else if (token === '}' || token === ']') depth--;
  }
  return deepest;
}

function rewrite(text: string, by: Readonly<Record<string, string>>): string {
  return Array.from(text.matchAll(TOKEN), ([token]) => by[token] ?? token).join('');
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
