/** The Cloudflare Workers door: bindings in, the app out. */
import type { ExecutionContext } from '@cloudflare/workers-types';
import { afterReading } from './after-reading.ts';
import { appOf } from './app.ts';
import { edgeAddress } from './client-address.ts';

export { LimiterObject } from './limiter-object.ts';
export { StorageObject } from './storage-object.ts';

export default {
  fetch(request: Request, bindings: unknown, context: ExecutionContext): Promise<Response> {
    const response = answer(request, bindings, context);
    // Without this a client that leaves takes the request's pending work with it: the load it began stops halfway, and
    // no `finally` runs. With it the work goes on, and `request.signal` tells it to end (enable_request_signal). Over
    // plain HTTP workerd takes a closed connection (FIN) for a client that still listens, until it writes: there, a reply
    // that is not streamed is finished for nobody.
    context.waitUntil(response);
    return response;
  },
};

async function answer(request: Request, bindings: unknown, context: ExecutionContext): Promise<Response> {
  const response = await appOf(bindings).fetch(request, {
    address: edgeAddress(request, bindings),
    waitUntil: (work: Promise<unknown>) => context.waitUntil(work),
  });
  return afterReading(request, response);
}
