import type { Route } from './schema.ts';

/** How a backend is: cold loads its model still, busy turned a request away just now, asleep can be started, down fails. */
export type Condition = 'ready' | 'cold' | 'busy' | 'asleep' | 'down';

/** From best to worst. What sleeps or is down is not asked at all. */
const RANKS: readonly Condition[] = ['ready', 'cold', 'busy'];

export interface Order {
  /** Whom to ask, one after the other until one answers. Empty when all sleep or are down. */
  readonly backends: readonly string[];
  /** Who could be started. */
  readonly asleep: readonly string[];
  /** Who would have been asked, had all been ready. */
  readonly chosen: string;
}

/**
 * Who is to answer a request: those in `to` share by weight, then come the others among them, then the overflow; and of
 * all these first who is ready, then who is cold, then who is busy. A weight of 0 gets no share, and stands in for the
 * others before the overflow does.
 *
 * Units    draw in [0, 1): chance, or the same number for the same user, who then stays with one version
 */
export function orderOf(
  { to, overflow }: Route,
  conditionOf: (backend: string) => Condition,
  draw: number,
): Order {
  const chosen = pick(to, draw);
  const others = to.filter(({ backend }) => backend !== chosen).sort((a, b) => b.weight - a.weight);
  const all = [...new Set([chosen, ...others.map(({ backend }) => backend), ...overflow])];
  const conditions = new Map(all.map((backend) => [backend, conditionOf(backend)]));
  return {
    chosen,
    backends: RANKS.flatMap((rank) => all.filter((backend) => conditions.get(backend) === rank)),
    asleep: all.filter((backend) => conditions.get(backend) === 'asleep'),
  };
}

function pick(to: Route['to'], draw: number): string {
  const sum = to.reduce((total, { weight }) => total + weight, 0);
  let left = draw * sum;
  const found = to.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  return (found ?? to.at(-1)!).backend; // rounding left a sliver past the end
}

/**
 * The same number in [0, 1) for the same key: FNV-1a, mixed, since its high bits hardly know a short key's last letter.
 *
 * Source   Fowler, Noll, Vo; murmur3's finaliser
 */
export function drawOf(key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
