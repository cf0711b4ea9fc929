/** What a template holds. */
export type Json =
  | string
  | number
  | boolean
  | null
  | undefined // what AWS::NoValue leaves
  | readonly Json[]
  | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

export function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Equal whatever the order of keys, a key without a value being no key. */
export function sameJson(a: Json, b: Json): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
