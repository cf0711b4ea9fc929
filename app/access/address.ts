/** Whose limits a client's are that brings no key. */

/** The client's address: as proxies report it that are known to stand before the server, each adding who asked it; else the socket's. */
export function clientAddress(
  socket: string | undefined,
  forwardedFor: string | null,
  proxies: number,
): string | undefined {
  if (proxies === 0 || forwardedFor === null) return socket;
  const hops = forwardedFor.split(',').map((hop) => hop.trim());
  return hops[Math.max(0, hops.length - proxies)]; // what stands further left, the client may have written itself
}

/** An address, or the network of one: who has an IPv6 address has 2 ** 64 of them. */
export function toSubject(address: string | undefined): string {
  if (address === undefined || address === '') return 'address:unknown';
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined) return `address:${mapped}`;
  return address.includes(':') ? `address:${network(address)}` : `address:${address.slice(0, 64)}`;
}

function network(address: string): string {
  const [before = '', after] = address.toLowerCase().split('%')[0]!.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const missing = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail];
  const first = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${first.join(':')}::/64`;
}
