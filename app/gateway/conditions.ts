/** How the backends are, as the probes and the metrics tell it. */
import type { Peer } from './peer.ts';
import type { Routes } from './schema.ts';

type Peers = ReadonlyMap<string, Peer>;

/** Whether anyone can be asked, and how each is. */
export function healthOf({ routes }: Routes, peers: Peers, isDraining: boolean) {
  const backends = Object.fromEntries([...peers].map(([name, peer]) => [name, peer.condition()]));
  const works = routes.some(({ to, overflow }) =>
    [...to.map(({ backend }) => backend), ...overflow].some((name) => backends[name] !== 'down'),
  );
  return { status: works ? 'OK' : 'Error', state: isDraining ? 'draining' : 'ready', backends };
}

/** 1 for the condition each backend is in. */
export function conditions(peers: Peers): string {
  const lines = [...peers].map(
    ([name, peer]) => `cria_gateway_backend{backend="${name}",condition="${peer.condition()}"} 1\n`,
  );
  return `# HELP cria_gateway_backend How each backend is: ready, cold, busy, asleep or down.\n# TYPE cria_gateway_backend gauge\n${lines.join('')}`;
}
