import type { Server } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { LifecycleControl } from '../app/lifecycle.ts';

export interface DrainParts {
  readonly server: Server;
  readonly lifecycle: LifecycleControl;
  /** How long what is being answered may take to come to its end. */
  readonly graceMs: number;
  readonly log: (event: Record<string, string | number>) => void;
  /** What else begins nothing more. */
  readonly onDrain: () => void;
  /** Before it is gone. */
  readonly onEnd: () => Promise<void>;
}

/** To write an error where a stream had to be ended. */
const LAST_WORD_MS = 1_000;

/**
 * On SIGTERM or SIGINT the server takes nothing new, which it says, and lets what it has begun come to its end. What has
 * not when its time is up is ended with an error that clients can read. Exits with 0. A second signal ends it at once.
 */
export function drainOnSignals({ server, lifecycle, graceMs, log, onDrain, onEnd }: DrainParts): void {
  let open = 0;
  const idle = Promise.withResolvers<void>();
  const isIdle = () => lifecycle.isDraining && open === 0;

  server.prependListener('request', (_, response) => {
    open++;
    if (lifecycle.isDraining) response.setHeader('connection', 'close');
    response.once('close', () => {
      open--;
      if (isIdle()) idle.resolve();
    });
  });

  async function drain(): Promise<void> {
    lifecycle.drain();
    onDrain();
    log({ event: 'draining', open });
    if (isIdle()) idle.resolve();
    await Promise.race([idle.promise, setTimeout(graceMs)]);
    if (open > 0) {
      log({ event: 'ending', open });
      lifecycle.end();
      await Promise.race([idle.promise, setTimeout(LAST_WORD_MS)]);
    }
    server.closeAllConnections();
    await onEnd();
    log({ event: 'ended' });
    process.exit(0);
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      process.removeAllListeners('SIGTERM').removeAllListeners('SIGINT'); // the next one is the runtime's, and ends it
      void drain();
    });
}
