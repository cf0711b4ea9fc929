import * as z from 'zod';

/** What an operator has set cannot be used. The message names every such setting. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code = 'settings';
}

/** A door's settings, checked. Throws SettingsError. */
export function readSettings<S extends z.ZodType>(schema: S, values: unknown): z.output<S> {
  const { success, data, error } = schema.safeParse(values);
  if (success) return data;
  throw new SettingsError(
    error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'),
  );
}

/** A setting that is a whole number. */
export const integer = (least: number, most: number, fallback: number) =>
  z.coerce.number().int().min(least).max(most).default(fallback);

/** A setting that is JSON of that schema. */
export const jsonText = <S extends z.ZodType>(schema: S, fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, { addIssue }) => {
      try {
        return JSON.parse(text || fallback) as unknown;
      } catch (error) {
        addIssue({ code: 'custom', message: `not JSON: ${(error as Error).message}` });
        return z.NEVER;
      }
    })
    .pipe(schema);
