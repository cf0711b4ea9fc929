import { runBatches } from '../app/batches/run-batches.ts';
import { appOf } from './app.ts';
import { SqlObject } from './sql-object.ts';

const LATER_MS = 10_000;
const WIDTH = 4;
const TURN = 16;

/**
 * Keeps what all isolates share, one object of this class for all, and runs the batches that it keeps: its alarm outlives
 * the process, and rings again after a restart.
 */
export class StorageObject extends SqlObject {
  async wakeBatches(): Promise<void> {
    await this.ctx.storage.setAlarm(this.now());
  }

  async alarm(): Promise<void> {
    const next = await this.#run();
    if (next === 'now') await this.ctx.storage.setAlarm(this.now());
    if (next === 'later') await this.ctx.storage.setAlarm(this.now() + LATER_MS);
  }

  /** Never rejects: an alarm that fails too often rings no more. */
  async #run() {
    try {
      const app = appOf(this.env);
      return await runBatches(
        {
          storage: this,
          fetch: (request, caller) => app.fetch(request, { priority: 'low', caller }),
          now: () => this.now(),
          newId: () => crypto.randomUUID(),
          width: WIDTH,
          turn: TURN,
        },
        new AbortController().signal,
      );
    } catch (error) {
      const { name, message, stack } = error as Error;
      console.log(JSON.stringify({ event: 'error', during: 'batches', name, message, stack }));
      return 'later';
    }
  }
}
