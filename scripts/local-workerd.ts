/** The Worker of wrangler.toml in workerd on this machine: the real runtime, a local R2. Asks nothing of the network. */
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  convertV4MiniflareOptions,
  Miniflare,
  type V4WorkerOptions,
  type WorkerdStructuredLog,
} from 'miniflare';
import { unstable_readConfig } from 'wrangler';
import type { Manifest } from '../models/manifest.ts';

export interface LocalWorkerdOptions {
  readonly dist: string; // what buildAll() wrote
  readonly host: string;
  readonly port: number; // 0 takes a free one
  /** Where the local R2 keeps its objects. */
  readonly storage: string;
  readonly vars: Readonly<Record<string, string>>;
  /** Workers that run beside it, and may call it by its name. */
  readonly beside?: readonly V4WorkerOptions[];
  readonly onLog: (log: WorkerdStructuredLog) => void;
}

export interface LocalWorkerd extends AsyncDisposable {
  readonly url: URL;
  /** One of those that run beside it. */
  worker(name: string): ReturnType<Miniflare['getWorker']>;
  /** Puts a file where the Worker looks for it in R2, unless it is there. Returns whether it had to. */
  putWeights(
    manifest: Manifest,
    path: string,
    onProgress: (done: number, total: number) => void,
  ): Promise<boolean>;
}

/** A `[[r2_buckets]]` of wrangler.toml. */
interface BucketBinding {
  readonly binding: string;
  readonly bucket_name: string;
}

const CONFIG = join(import.meta.dirname, '..', 'wrangler.toml');
const MAIN = 'worker.js';
const STOCK = join(import.meta.dirname, 'stock-worker.mjs');

/** wrangler.toml's [vars], in whose place the environment may set others. */
export function readVars(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const { vars } = unstable_readConfig({ config: CONFIG });
  return Object.fromEntries(
    Object.entries(vars).map(([name, value]) => [name, environment[name] ?? String(value)]),
  );
}

export async function startLocalWorkerd(options: LocalWorkerdOptions): Promise<LocalWorkerd> {
  const { dist, host, port, storage, vars, beside = [], onLog } = options;
  const config = unstable_readConfig({ config: CONFIG });
  const shared = {
    compatibilityDate: config.compatibility_date!,
    compatibilityFlags: config.compatibility_flags,
    r2Buckets: Object.fromEntries(
      (config.r2_buckets as BucketBinding[]).map(({ binding, bucket_name }) => [binding, bucket_name]),
    ),
  };

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
          ...shared,
          name: config.name!,
          bindings: vars,
          assets: { directory: join(dist, 'web'), routerConfig: { has_user_worker: true } },
          modules: await modulesOf(join(dist, 'edge')),
        },
        {
          ...shared,
          name: 'stock',
          modules: [{ type: 'ESModule', path: 'stock.mjs', contents: await readFile(STOCK) }],
        },
        ...beside,
      ],
    }),
  );
  const url = await miniflare.ready;
  return {
    url,
    worker: (name) => miniflare.getWorker(name),
    putWeights: (manifest, path, onProgress) => putWeights(miniflare, manifest, path, onProgress),
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

async function putWeights(
  miniflare: Miniflare,
  manifest: Manifest,
  path: string,
  onProgress: (done: number, total: number) => void,
): Promise<boolean> {
  const { name, sha256 } = manifest.files[0]!;
  const { size } = await stat(path);
  const stock = await miniflare.getWorker('stock');
  const url = `http://stock/${encodeURIComponent(`${manifest.name}/${name}`)}`;

  const present = (await (await stock.fetch(url)).json()) as { size: number; sha256?: string } | null;
  if (present?.size === size && (sha256 === undefined || present.sha256 === sha256)) return false;

  const headers = { 'x-size': String(size), ...(sha256 === undefined ? {} : { 'x-sha256': sha256 }) };
  const reply = await stock.fetch(url, {
    method: 'PUT',
    headers,
    body: fileBody(path, size, onProgress),
    duplex: 'half',
  });
  if (!reply.ok) throw new Error(`the local R2 did not take ${path}: ${await reply.text()}`);
  return true;
}

async function* fileBody(path: string, size: number, onProgress: (done: number, total: number) => void) {
  let done = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    yield chunk as Buffer;
    done += (chunk as Buffer).length;
    onProgress(done, size);
  }
}
