import { awsCredentials, type Credentials } from '../models/cli/stores/credentials.ts';

const EARLY_MS = 5 * 60_000;
const TIMEOUT_MS = 3_000;

/**
 * The credentials of the role that this runs as: Lambda has them in the environment, a container asks for them, and keeps
 * them until they are about to expire.
 *
 * Throws   StoreError when there are none
 */
export function keptCredentials(env: NodeJS.ProcessEnv, nowMs: () => number): () => Promise<Credentials> {
  let kept: Credentials | undefined;
  return async () => {
    if (kept?.expiresAtMs === undefined || nowMs() >= kept.expiresAtMs - EARLY_MS)
      kept = await awsCredentials(env, AbortSignal.timeout(TIMEOUT_MS));
    return kept;
  };
}
