/** The Worker as Cloudflare runs it, as near as this machine gets: Miniflare's workerd, weights in its local R2. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { buildAll } from '../../scripts/build.ts';
import { readVars } from '../../scripts/wrangler-toml.ts';
import { putWeights } from '../../tests/support/local-r2.ts';
import { startLocalWorkerd } from '../../tests/support/local-workerd.ts';
import { complete, entryFor } from './completions.ts';
import type { PeerArgs } from './peer-args.ts';
import { timedVars } from './timed-vars.ts';
import type { WorkerdCompletions } from './workerd-completions.ts';

/** The model is copied into the R2 once, and stays there: that takes a minute. */
export async function openR2Completions({
  model,
  context,
}: PeerArgs): Promise<Pick<WorkerdCompletions, 'complete' | typeof Symbol.asyncDispose>> {
  const manifest = entryFor(model);
  const dist = await mkdtemp(join(tmpdir(), 'cria-bench-'));
  const storage = join(dirname(model), `r2-${basename(model)}`);
  await putWeights({ storage, manifest, path: model, onProgress: () => {} });
  await buildAll(dist);
  const vars = readVars(timedVars(manifest, context));
  const place = { dist, host: '127.0.0.1', port: 0, storage, vars };
  const workerd = await startLocalWorkerd({ ...place, onLog: () => {} });
  return {
    complete: (promptTokens, tokens) => complete(workerd.url, manifest.id, promptTokens, tokens),
    async [Symbol.asyncDispose]() {
      await workerd[Symbol.asyncDispose]();
      await rm(dist, { recursive: true });
    },
  };
}
