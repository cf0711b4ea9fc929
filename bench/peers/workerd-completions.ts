/** The Worker on this machine as people run it: workerd by itself, weights from the disk, answers over HTTP. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildAll } from '../../scripts/build.ts';
import { startWorkerd } from '../../scripts/start-workerd.ts';
import { linkModel } from '../../tests/support/link-model.ts';
import { complete, entryFor, peakBytes } from './completions.ts';
import type { PeerArgs } from './peer-args.ts';
import { timedVars } from './timed-vars.ts';

export interface WorkerdCompletions extends AsyncDisposable {
  /** Milliseconds from the request to the end of the reply. */
  complete(promptTokens: number, tokens: number): Promise<number>;
  /** Highest resident bytes of the workerd process so far. Linux only. */
  peakBytes(): number;
}

export async function openWorkerdCompletions({ model, context }: PeerArgs): Promise<WorkerdCompletions> {
  const entry = entryFor(model);
  const folder = await mkdtemp(join(tmpdir(), 'cria-bench-'));
  const [dist, weights, state] = ['dist', 'models', 'state'].map((name) => join(folder, name));
  await Promise.all([buildAll(dist), linkModel(weights!, entry, model)]);
  const workerd = await startWorkerd({
    dist: dist!,
    host: '127.0.0.1',
    port: 0,
    weights: weights!,
    keys: undefined,
    state: state!,
    vars: timedVars(entry, context),
    onLog: () => {},
  });

  return {
    complete: (promptTokens, tokens) => complete(workerd.url, entry.id, promptTokens, tokens),
    peakBytes: () => peakBytes(readFileSync(`/proc/${workerd.pid}/status`, 'utf8')),
    async [Symbol.asyncDispose]() {
      await workerd[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
