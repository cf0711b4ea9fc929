/** What an operator may set of who comes in, at every door alike. docs/access.md explains each. */
import * as z from 'zod';

export const accessFields = {
  /** A keys file: on Node a path, at the edge an object of the bucket WEIGHTS. */
  CRIA_KEYS_FILE: z.string().default(''),
  /** A secret: the text of a keys file, or keys with commas between. */
  CRIA_KEYS: z.string().default(''),
  /** `none` lets everyone in who reaches the server; without keys and without it, only this machine reaches it. */
  CRIA_AUTH: z.enum(['none', 'bearer', '']).default(''),
  /** Whether the metrics need a key, where there are keys. */
  CRIA_METRICS: z.enum(['key', 'open']).default('key'),
};

export type AccessSettings = z.infer<z.ZodObject<typeof accessFields>>;

const hasKeys = ({ CRIA_KEYS, CRIA_KEYS_FILE }: AccessSettings) => CRIA_KEYS !== '' || CRIA_KEYS_FILE !== '';

/** Keys from one place, and none for a server that asks for none. */
export function checkAccess(settings: AccessSettings, { addIssue }: z.RefinementCtx): void {
  const refuse = (field: string, message: string) =>
    addIssue({ code: 'custom', path: [field], message, input: '' }); // a secret must not be in an issue
  const { CRIA_KEYS: secret, CRIA_KEYS_FILE: file, CRIA_AUTH: auth } = settings;
  if (secret !== '' && file !== '') refuse('CRIA_KEYS', 'there is CRIA_KEYS_FILE too: set one of them');
  if (auth === 'none' && hasKeys(settings)) refuse('CRIA_AUTH', 'none lets everyone in, and there are keys');
  if (auth === 'bearer' && secret.split(',').every((key) => key.trim() === '') && file === '')
    refuse('CRIA_KEYS', 'no key: set at least one, or CRIA_AUTH=none to let everyone in');
}

/** A server of this machine, which knows where it listens: other machines come in with keys, or because someone said so. */
export function checkHost(
  settings: AccessSettings & { readonly HOST: string },
  context: z.RefinementCtx,
): void {
  checkAccess(settings, context);
  const { HOST: host, CRIA_AUTH: auth } = settings;
  if (isLoopback(host) || hasKeys(settings) || auth !== '') return;
  context.addIssue({
    code: 'custom',
    path: ['HOST'],
    message:
      `${host} lets other machines in, and there are no keys: set CRIA_KEYS_FILE or CRIA_KEYS, ` +
      'or CRIA_AUTH=none where nobody else reaches this machine',
    input: host,
  });
}

/** An address, or name, that only the machine itself can reach. */
export const isLoopback = (host: string): boolean => /^(127(\.\d{1,3}){3}|localhost|\[?::1\]?)$/i.test(host);
