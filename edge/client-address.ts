import { clientAddress } from '../app/access/address.ts';

interface AddressBindings {
  readonly WEIGHTS_FOLDER?: unknown;
  readonly CRIA_PROXIES?: unknown;
}

/**
 * The client's address: in Cloudflare's cloud as it says, whatever the client claims. workerd by itself does not tell it: there
 * only proxies do that stand before it, and without any all clients are one.
 */
export function edgeAddress({ headers }: Request, bindings: unknown): string | undefined {
  const { WEIGHTS_FOLDER, CRIA_PROXIES } = bindings as AddressBindings;
  if (WEIGHTS_FOLDER === undefined) return headers.get('cf-connecting-ip') ?? undefined;
  return clientAddress(undefined, headers.get('x-forwarded-for'), Number(CRIA_PROXIES ?? 0));
}
