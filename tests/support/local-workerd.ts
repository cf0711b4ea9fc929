/** The Worker of wrangler.toml in workerd on this machine: the real runtime, a local R2. Asks nothing of the network. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  convertV4MiniflareOptions,
  Miniflare,
  type V4WorkerOptions,
  type WorkerdStructuredLog,
} from 'miniflare';
import { readObjects, readWorker } from '../../scripts/wrangler-toml.ts';

export interface LocalWorkerdOptions {
  readonly dist: string; // what buildAll() wrote
  readonly host: string;
  readonly port: number; // 0 takes a free one
  /** Where the local R2 keeps its objects, which putWeights() fills, and Durable Objects their databases. */
  readonly storage: string;
  readonly vars: Readonly<Record<string, string>>;
  /** Workers that run beside it, and may call it by its name. */
  readonly beside?: readonly V4WorkerOptions[];
  readonly onLog: (log: WorkerdStructuredLog) => void;
}

export interface LocalWorkerd extends AsyncDisposable {
  readonly url: URL;
  /** An object in the bucket WEIGHTS. */
  putWeight(key: string, text: string): Promise<void>;
  /** One of those that run beside it. */
  worker(name: string): ReturnType<Miniflare['getWorker']>;
}

const MAIN = 'worker.js';

export async function startLocalWorkerd(options: LocalWorkerdOptions): Promise<LocalWorkerd> {
  const { dist, host, port, storage, vars, beside = [], onLog } = options;
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host,
      port,
      resourcePersistencePath: storage,
      cf: false, // Miniflare would fetch a sample of request.cf
      telemetry: { enabled: false },
      handleStructuredLogs: onLog,
      workers: [
        {
          ...readWorker(),
          durableObjects: readObjects(),
          bindings: vars,
          cacheAPI: false, // not used, and two more Workers in the process
          assets: { directory: join(dist, 'web'), routerConfig: { has_user_worker: true } },
          modules: await modulesOf(join(dist, 'edge')),
        },
        ...beside,
      ],
    }),
  );
  const url = await miniflare.ready;
  return {
    url,
    async putWeight(key, text) {
      await (await miniflare.getR2Bucket('WEIGHTS')).put(key, text);
    },
    worker: (name) => miniflare.getWorker(name),
    [Symbol.asyncDispose]: () => miniflare.dispose(),
  };
}

async function modulesOf(folder: string) {
  const names = (await readdir(folder)).filter((name) => /\.(js|wasm)$/.test(name));
  names.sort((a, b) => Number(b === MAIN) - Number(a === MAIN)); // the first is the entry
  return Promise.all(
    names.map(async (name) => ({
      type: name.endsWith('.wasm') ? ('CompiledWasm' as const) : ('ESModule' as const),
      path: name,
      contents: await readFile(join(folder, name)),
    })),
  );
}
