/** sha256 on the way: of bytes that are being read anyway. */
import { IntegrityError } from './errors.ts';
import type { ByteSource } from './source.ts';

/** SHA-256 of bytes that come in pieces. */
export interface Hasher {
  /** The bytes are free again when this returns, or its promise settles. */
  update(bytes: Uint8Array): void | Promise<void>;
  /** Lower-case hex. */
  digest(): string | Promise<string>;
}

/** The door brings one: no API for it is in every runtime. */
export type CreateHasher = () => Hasher;

/** `source`, with the sha256 of its bytes given to `use` at the end of every stream of all of them. */
export function hashedSource(
  source: ByteSource,
  createHasher: CreateHasher,
  use: (sha256: string) => void,
): ByteSource {
  return {
    ...source,
    async *stream(offset, length) {
      if (offset !== 0 || length !== source.size) return yield* source.stream(offset, length);
      const hasher = createHasher();
      for await (const chunk of source.stream(offset, length)) {
        await hasher.update(chunk);
        yield chunk;
      }
      use(await hasher.digest());
    },
  };
}

/**
 * `source`, of which a stream of all bytes ends in IntegrityError when they are not the expected ones. A store that
 * keeps a sha256 of its own is asked instead: it has read the bytes already.
 *
 * Throws   IntegrityError when the store's sha256 is another
 */
export function checkedSource(source: ByteSource, expected: string, createHasher: CreateHasher): ByteSource {
  const check = (actual: string): void => {
    if (actual !== expected) throw new IntegrityError(source.name, expected, actual);
  };
  if (source.sha256 === undefined) return hashedSource(source, createHasher, check);
  check(source.sha256);
  return source;
}
