/** The Node server as it is built, with the model on disk: what it holds in memory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { V8_FLAGS } from '../../infra/v8-flags.ts';
import { modelsFolder } from '../../models/cli/home.ts';
import { buildAll } from '../../scripts/build.ts';
import { linkModel } from '../../tests/support/link-model.ts';
import { modelBytes } from '../model-files.ts';
import { complete, entryFor, peakBytes } from './completions.ts';
import { peerArgs } from './peer-args.ts';
import { takeCommands } from './take-commands.ts';

const { model, threads, context } = peerArgs();
const entry = entryFor(model);
await using folder = await mkdtempDisposable(join(tmpdir(), 'cria-bench-'));
const [dist, home] = [join(folder.path, 'dist'), join(folder.path, 'home')];
await buildAll(dist);
await linkModel(modelsFolder(home), entry, model);

const server = spawn(process.execPath, [...V8_FLAGS, join(dist, 'lambda/server.mjs')], {
  env: {
    ...process.env,
    ...{ PORT: '0', CRIA_HOME: home, CRIA_MODEL: entry.name, CRIA_CONTEXT: String(context) },
    ...{ CRIA_THREADS: String(threads), CRIA_PREFIX_CACHE: '0' },
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
const { url } = JSON.parse(line) as { url: string };

await takeCommands('Cria in Node, over HTTP', {
  /** Highest resident MB of the server, once it has read a prompt, that neither weights nor cache explain. */
  async memory({ tokens }) {
    await complete(new URL(url), entry.id, tokens, 1);
    const { weights, position } = await modelBytes(model);
    const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
    return (peakBytes(status) - weights - tokens * position) / 1e6;
  },
});
server.kill();
await once(server, 'exit');
