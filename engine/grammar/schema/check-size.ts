import { SchemaError } from '../../errors.ts';

export const MAX_NODES = 20_000; // values in a schema, keywords among them
export const MAX_NESTING = 100; // of brackets in its text
export const MAX_CHARACTERS = 400_000;

/** Refuses a schema too large to look at, before anything is made of it. Throws SchemaError. */
export function checkSize(schema: unknown): void {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: schema, depth: 0 }];
  let nodes = 0;
  let characters = 0;
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, depth } = next;
    if (++nodes > MAX_NODES) throw new SchemaError([], `has more than ${MAX_NODES} values in it`);
    if (depth > MAX_NESTING) throw new SchemaError([], `is nested more than ${MAX_NESTING} deep`);
    if (typeof value === 'string') characters += value.length;
    if (typeof value === 'object' && value !== null)
      for (const [key, inside] of Object.entries(value)) {
        characters += key.length;
        open.push({ value: inside, depth: depth + 1 });
      }
    if (characters > MAX_CHARACTERS)
      throw new SchemaError([], `has more than ${MAX_CHARACTERS} characters in it`);
  }
}
