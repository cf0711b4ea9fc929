import type { Dialect } from '../json-rules.ts';
import type { TypeName } from './keywords.ts';

/** A JSON value as text, without gaps. */
export function writeValue(value: unknown, dialect: Dialect): string {
  if (dialect === 'json') return JSON.stringify(value);
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map((item) => writeValue(item, dialect)).join(',')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const pairs = Object.entries(value).map(
    ([key, inside]) => `${JSON.stringify(key)}:${writeValue(inside, dialect)}`,
  );
  return `{${pairs.join(',')}}`;
}

export function isOfType(value: unknown, type: TypeName): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}
