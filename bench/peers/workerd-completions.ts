/** The whole edge target on this machine: workerd, weights from its local R2, answers over HTTP. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { criaHome } from '../../models/cli/home.ts';
import { buildAll } from '../../scripts/build.ts';
import { putWeights } from '../../scripts/local-r2.ts';
import { startLocalWorkerd } from '../../scripts/local-workerd.ts';
import { complete, entryFor, peakBytes } from './completions.ts';
import type { PeerArgs } from './peer-args.ts';

export interface WorkerdCompletions extends AsyncDisposable {
  /** Milliseconds from the request to the end of the reply. */
  complete(promptTokens: number, tokens: number): Promise<number>;
  /** Highest resident bytes of the workerd process so far. Linux only. */
  peakBytes(): number;
}

export async function openWorkerdCompletions({ model, context }: PeerArgs): Promise<WorkerdCompletions> {
  const entry = entryFor(model);
  const dist = await mkdtemp(join(tmpdir(), 'cria-bench-'));
  await buildAll(dist);
  const manifest = { ...entry, files: entry.files.map(({ sha256: _, ...file }) => file) };
  const storage = join(criaHome(process.env), 'bench', `r2-${basename(model)}`);
  await putWeights({ storage, manifest, path: model, onProgress: () => {} });
  const workerd = await startLocalWorkerd({
    dist,
    host: '127.0.0.1',
    port: 0,
    storage,
    // what is timed is computed: nothing found in a cache, nothing guessed
    vars: {
      ...{ CRIA_MODEL: entry.name, CRIA_CONTEXT: String(context) },
      ...{ CRIA_PREFIX_CACHE: '0', CRIA_SPECULATE: 'off' },
    },
    onLog: () => {},
  });

  return {
    complete: (promptTokens, tokens) => complete(workerd.url, entry.id, promptTokens, tokens),
    peakBytes: peakOfWorkerd,
    async [Symbol.asyncDispose]() {
      await workerd[Symbol.asyncDispose]();
      await rm(dist, { recursive: true });
    },
  };
}

/** The workerd that this process started. */
function peakOfWorkerd(): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const status = tryRead(`/proc/${pid}/status`);
    if (/^Name:\s+workerd$/m.test(status) && new RegExp(`^PPid:\\s+${process.pid}$`, 'm').test(status))
      return peakBytes(status);
  }
  throw new Error('workerd is not among the processes that /proc lists');
}

function tryRead(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the process has ended meanwhile
  }
}
