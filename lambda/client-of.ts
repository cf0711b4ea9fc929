import type { Http2Bindings, HttpBindings } from '@hono/node-server';
import { clientAddress } from '../app/access/address.ts';

/** What Node knows of a request's client, for the app. `proxies` stand before the server. */
export const clientOf = (request: Request, bindings: HttpBindings | Http2Bindings, proxies: number) => ({
  ...bindings,
  address: clientAddress(
    bindings.incoming.socket.remoteAddress,
    request.headers.get('x-forwarded-for'),
    proxies,
  ),
});
