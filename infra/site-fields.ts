/** What fields of a site are made of. */
import * as z from 'zod';
import { parseBytes } from './bytes.ts';

/** A name that DNS, Kubernetes, systemd and a file system all take. */
export const label = z
  .string()
  .regex(
    /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/,
    'write 1 to 40 lower-case letters, digits and dashes, a letter first',
  );
export const secretName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/, 'write the name of the secret, as an environment variable: CRIA_KEYS');
export const bytes = z.union([z.string(), z.int().positive()]).transform((value, { addIssue }) => {
  const parsed = typeof value === 'number' ? value : parseBytes(value);
  if (parsed !== undefined) return parsed;
  addIssue({ code: 'custom', message: `'${value}' is no size: write one such as 16GiB or 500MB` });
  return z.NEVER;
});
export const port = z.int().min(1).max(65_535);
