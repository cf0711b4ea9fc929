import type { AccessKey } from './access-key.ts';
import { UnauthorizedError } from './errors.ts';
import { equalBytes, fromHex, sha256 } from './sha256.ts';

/** Who is behind a request: the holder of a key, or anybody where no keys are asked for. */
export interface Caller {
  /** The key's label, or `anonymous`. */
  readonly id: string;
  readonly key?: AccessKey;
}

export const ANONYMOUS: Caller = { id: 'anonymous' };

/** The keys of a server. */
export interface Access {
  /** Throws UnauthorizedError */
  identify(key: string | undefined): Promise<Caller>;
  /** Of a request that a key's holder left to be made later, in a batch. Throws UnauthorizedError */
  recall(id: string): Promise<Caller>;
}

export interface AccessParts {
  /** Those that hold now: they may change while the server runs. */
  readonly keys: () => Promise<readonly AccessKey[]>;
  readonly now: () => number; // Unix milliseconds
}

export function createAccess({ keys, now }: AccessParts): Access {
  const digests = new WeakMap<AccessKey, Uint8Array>();
  function digestOf(key: AccessKey): Uint8Array {
    const known = digests.get(key) ?? fromHex(key.sha256);
    digests.set(key, known);
    return known;
  }

  function admit(key: AccessKey | undefined): Caller {
    if (key === undefined) throw new UnauthorizedError('unknown');
    if (key.expires !== undefined && Date.parse(key.expires) <= now()) throw new UnauthorizedError('expired');
    return { id: key.id, key };
  }

  return {
    async identify(key) {
      if (key === undefined) throw new UnauthorizedError('missing');
      const [known, digest] = await Promise.all([keys(), sha256(key)]);
      let found: AccessKey | undefined;
      for (const one of known) if (equalBytes(digest, digestOf(one))) found = one; // all are looked at, always
      return admit(found);
    },
    async recall(id) {
      return admit((await keys()).find((key) => key.id === id));
    },
  };
}
