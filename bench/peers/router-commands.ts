import { postRequest, requestsPerSecond } from './keep-alive.ts';
import { BODY, PATH, type Which } from './router-app.ts';
import type { Commands } from './take-commands.ts';

const CALLS = 4000;
const CLIENTS = 64;
const MS = 1000;

/** What a server of router-app.ts is asked. */
export function routerCommands(url: URL): Commands {
  /** Microseconds of a request that never leaves the process. Timed from outside: a Worker's clock stands still. */
  const overhead = async (which: Which) => {
    const start = performance.now();
    const reply = await fetch(new URL(`/loop/${which}/${CALLS}`, url));
    if ((await reply.text()) !== 'done') throw new Error(`the loop answered ${reply.status}`);
    return (1000 * (performance.now() - start)) / CALLS;
  };
  const throughput = (which: Which) =>
    requestsPerSecond(url, postRequest(url, `/${which}${PATH}`, BODY), { clients: CLIENTS, ms: MS });

  return {
    'overhead-cria': () => overhead('cria'),
    'overhead-bare': () => overhead('bare'),
    'requests-cria': () => throughput('cria'),
    'requests-bare': () => throughput('bare'),
  };
}
