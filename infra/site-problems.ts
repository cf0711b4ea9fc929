import type * as z from 'zod';
import { fieldPath } from '../app/field-path.ts';

/** What zod found, for who wrote the site: each begins with the place in the file. */
export function problemsOf(issue: z.core.$ZodIssue): string[] {
  const at = (path: readonly PropertyKey[]) => (path.length === 0 ? '' : `${fieldPath(path)}: `);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(
      (key) => `${at([...issue.path, key])}there is no such field: remove it, or correct its name`,
    );
  if (issue.code !== 'invalid_union') return [`${at(issue.path)}${wordsOf(issue)}`];
  if (issue.errors.length === 0) return [`${at(issue.path)}write one of ${kindsOf(issue)}`];
  const inner = deepest(issue.errors);
  if (inner.every(({ path, code }) => path.length === 0 && code === 'invalid_type'))
    return [`${at(issue.path)}${issue.message}`];
  return inner.flatMap((one) => problemsOf({ ...one, path: [...issue.path, ...one.path] }));
}

/** What the field that tells the kinds of a thing apart may be. */
function kindsOf(issue: z.core.$ZodIssue): string {
  return 'options' in issue ? (issue.options as readonly unknown[]).join(', ') : 'those of docs/deploy.md';
}

/** The branch of a union that went furthest is the one that was meant. */
function deepest(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  const depth = (issues: readonly z.core.$ZodIssue[]) =>
    Math.max(...issues.map(({ path, code }) => path.length * 2 + Number(code !== 'invalid_type')));
  return branches.reduce((best, one) => (depth(one) > depth(best) ? one : best));
}

/** zod's own words, as what to write; ours stay. */
function wordsOf(issue: z.core.$ZodIssue): string {
  const { message } = issue;
  if (!/^(Invalid input|Invalid option|Too small|Too big)/.test(message)) return message;
  switch (issue.code) {
    case 'invalid_type':
      return `${message.endsWith('undefined') ? 'it is missing: ' : ''}write ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `write ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
    case 'too_small':
      return `write ${issue.inclusive ? `${issue.minimum} or more` : `more than ${issue.minimum}`}${unitOf(issue.origin)}`;
    case 'too_big':
      return `write ${issue.inclusive ? `${issue.maximum} or less` : `less than ${issue.maximum}`}${unitOf(issue.origin)}`;
    default:
      return message;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'fields',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

const unitOf = (origin: string): string =>
  origin === 'array' ? ' of them' : origin === 'string' ? ' characters' : '';
