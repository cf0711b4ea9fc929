import type * as z from 'zod';
import { fieldPath } from '../app/field-path.ts';

/** What zod found, for who wrote the site: each begins with the place in the file. */
export function problemsOf(issue: z.core.$ZodIssue): string[] {
  const at = (path: readonly PropertyKey[]) => (path.length === 0 ? '' : `${fieldPath(path)}: `);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(
      (key) => `${at([...issue.path, key])}there is no such field: remove it, or correct its name`,
    );
  if (issue.code !== 'invalid_union') return [`${at(issue.path)}${issue.message}`];
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
