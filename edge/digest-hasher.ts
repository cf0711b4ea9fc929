import type { Crypto } from '@cloudflare/workers-types';
import type { Hasher } from '../models/hashed-source.ts';

/** workerd's own stream of a digest: Web Crypto elsewhere hashes only what is there all at once. */
export function digestHasher(): Hasher {
  const { DigestStream } = crypto as unknown as Crypto;
  const stream = new DigestStream('SHA-256');
  const writer = stream.getWriter();
  return {
    update: (bytes) => writer.write(bytes),
    async digest() {
      await writer.close();
      const bytes = new Uint8Array(await stream.digest);
      return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    },
  };
}
