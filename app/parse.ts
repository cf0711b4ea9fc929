import type * as z from 'zod';
import { InvalidRequestError } from './errors.ts';
import { fieldPath } from './field-path.ts';

type Issue = z.core.$ZodIssue;

const UNION_MESSAGE = 'Invalid input'; // zod's, for a union without an error of its own

/** The value as the schema's type. Throws InvalidRequestError, which names the first field that is wrong. */
export function parse<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw toError(deepest(result.error.issues[0]!), value);
}

/** In a union that nothing fits, the branch that got furthest is the one the client meant. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || issue.message !== UNION_MESSAGE) return issue;

  const branches = issue.errors.flatMap(([first]) => (first === undefined ? [] : [deepest(first)]));
  const inner = branches.reduce((best, next) => (next.path.length > best.path.length ? next : best));
  if (inner.path.length > 0) return { ...inner, path: [...issue.path, ...inner.path] };

  const types = branches.flatMap((branch) => (branch.code === 'invalid_type' ? [branch.expected] : []));
  return { ...issue, message: `Invalid input: expected ${types.join(' or ')}` };
}

function toError(issue: Issue, value: unknown): InvalidRequestError {
  if (issue.code === 'unrecognized_keys') {
    const field = fieldPath([...issue.path, issue.keys[0]!]);
    return new InvalidRequestError(
      'unknown_parameter',
      field,
      `Unrecognized request argument supplied: ${field}`, // OpenAI's sentence: clients match on it
    );
  }

  const field = fieldPath(issue.path);
  if (field === '') return new InvalidRequestError('invalid_value', null, 'the body must be a JSON object');
  if (at(value, issue.path) === undefined)
    return new InvalidRequestError('missing_required_parameter', field, `${field} is required`);
  return new InvalidRequestError('invalid_value', field, `${field}: ${issue.message}`);
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inside, key) => (inside as Record<PropertyKey, unknown> | null)?.[key], value);
}
