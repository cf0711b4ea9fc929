import { SchemaError } from '../errors.ts';

/** Gives an error from further in the path that leads there. */
export function within<T>(path: readonly (string | number)[], make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof SchemaError ? new SchemaError([...path, ...error.path], error.message) : error;
  }
}
