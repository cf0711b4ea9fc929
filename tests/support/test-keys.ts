import { createHash } from 'node:crypto';
import { createAccess } from '../../app/access/access.ts';
import type { AccessKey } from '../../app/access/access-key.ts';

/** The key of that id, as its holder has it. */
export const secretOf = (id: string) => `cria_secret-of-${id}`;

export const bearer = (id: string) => ({ authorization: `Bearer ${secretOf(id)}` });

export const testKey = (id: string, fields: Partial<AccessKey> = {}): AccessKey => ({
  id,
  sha256: createHash('sha256').update(secretOf(id)).digest('hex'),
  ...fields,
});

/** Access whose keys, and clock, a test may change. */
export function testAccess(keys: readonly AccessKey[], clock = { ms: 0 }) {
  const held = { keys };
  return { held, access: createAccess({ keys: async () => held.keys, now: () => clock.ms }) };
}
