import { equalBytes, sha256 } from '../access/sha256.ts';
import { describeError } from '../errors.ts';
import { promptFieldOf } from '../run.ts';
import { DirectAccessError } from './errors.ts';
import type { Gateway } from './gateway.ts';

/** Where whoever stands before the gateway says the secret. */
export const ORIGIN_HEADER = 'x-cria-origin-secret';

type Fetch = Gateway['app']['fetch'];

/**
 * The app for those who come through what stands before it, such as CloudFront with its firewall, which alone knows one of the
 * secrets. Anybody else gets 403, before anything of his is read or done. Without secrets, the app as it is.
 */
export function withOriginSecret(
  fetch: Fetch,
  { secrets, newId }: { readonly secrets: readonly string[] | undefined; readonly newId: () => string },
): Fetch {
  if (secrets === undefined) return fetch;
  const digests = Promise.all(secrets.map(sha256));
  return async (request, ...rest) => {
    const said = await sha256(request.headers.get(ORIGIN_HEADER) ?? '');
    let isKnown = false;
    for (const digest of await digests) if (equalBytes(digest, said)) isKnown = true; // all are looked at, always
    return isKnown ? fetch(request, ...rest) : refusal(request, newId());
  };
}

function refusal(request: Request, requestId: string): Response {
  const promptField = promptFieldOf(new URL(request.url).pathname);
  const { status, body } = describeError(new DirectAccessError(), { requestId, promptField });
  return Response.json(body, { status, headers: { 'x-request-id': requestId } });
}
