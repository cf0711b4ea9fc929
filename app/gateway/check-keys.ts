import type { AccessKey } from '../access/access-key.ts';
import { KeysError } from '../access/errors.ts';

/** What a key says that a gateway would not do must not be taken for done. Throws KeysError. */
export function checkGatewayKeys(keys: readonly AccessKey[]): void {
  const judged = keys.find(({ guard }) => guard !== undefined);
  if (judged)
    throw new KeysError(
      `the key '${judged.id}' has rules for a guard, and a gateway judges nothing: write them at the servers behind it`,
    );
}
