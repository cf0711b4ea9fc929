/** A key, as the keys file and the secret CRIA_KEYS describe it: never the key itself, which its owner alone has. */
import * as z from 'zod';
import { fieldPath } from '../field-path.ts';
import { KeysError } from './errors.ts';

const MAX_KEYS = 10_000;
const MAX_PER_MINUTE = 1e9;

/** The name of a key, which logs and metrics may show. */
export const KeyId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/,
    'write 1 to 64 letters, digits and . _ @ -, a letter or digit first',
  );

const perMinute = z.int().min(1).max(MAX_PER_MINUTE);

/** What its holder, or an address, may take. What is absent is not limited. */
export const Limits = z.strictObject({
  requestsPerMinute: perMinute.optional(),
  /** Of prompts and replies together. */
  tokensPerMinute: perMinute.optional(),
  /** Requests at once. */
  concurrency: z.int().min(1).max(10_000).optional(),
});
export type Limits = Readonly<z.infer<typeof Limits>>;

/** What is judged of conversations, and when it counts as unsafe. What is absent is as on the route. */
export const GuardRules = z.strictObject({
  judge: z.enum(['off', 'input', 'output', 'both']).optional(),
  threshold: z.number().gt(0).max(1).optional(),
  /** Codes of categories that are no reason. */
  exclude: z
    .array(z.string().regex(/^S\d{1,2}$/, 'write codes, such as S6'))
    .max(32)
    .optional(),
  refusal: z.string().min(1).max(2000).optional(),
});
export type GuardRules = Readonly<z.infer<typeof GuardRules>>;

export const AccessKey = z.strictObject({
  id: KeyId,
  /**
   * Of the key's UTF-8, in lower-case hex. A plain hash is enough, and a slow or salted one would add nothing: a key is
   * 32 random bytes, which nobody can guess or find in a table; those are for passwords, which people choose.
   */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'write a sha256 in lower-case hex: cria keys hash'),
  /** Models it may use, by id. All when absent. */
  models: z.array(z.string().min(1).max(256)).max(256).optional(),
  guard: GuardRules.optional(),
  limits: Limits.optional(),
  /** From then on it is refused. */
  expires: z.iso.datetime({ offset: true, error: 'write a time such as 2027-01-31T00:00:00Z' }).optional(),
});
export type AccessKey = Readonly<z.infer<typeof AccessKey>>;

/** The keys file. */
export const KeysFile = z
  .strictObject({ keys: z.array(AccessKey).max(MAX_KEYS) })
  .superRefine(({ keys }, { addIssue }) => {
    for (const field of ['id', 'sha256'] as const) {
      const seen = new Set<string>();
      for (const [i, key] of keys.entries()) {
        if (seen.has(key[field]))
          addIssue({ code: 'custom', path: ['keys', i, field], message: 'there twice' });
        seen.add(key[field]);
      }
    }
  });

/** A keys file's text. Throws KeysError, which names every field that is wrong and quotes none. */
export function parseKeys(text: string): readonly AccessKey[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new KeysError('it is not JSON'); // the parser's message would quote it
  }
  const { data, error } = KeysFile.safeParse(json);
  if (data) return data.keys;
  throw new KeysError(
    error.issues.map(({ path, message }) => `${fieldPath(path) || 'the file'}: ${message}`).join('; '),
  );
}
