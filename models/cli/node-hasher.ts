import { createHash } from 'node:crypto';
import type { Hasher } from '../hashed-source.ts';

export function nodeHasher(): Hasher {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('hex') };
}
