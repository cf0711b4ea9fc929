/** Every storage there is, so that one table of cases judges them all. */
import { join } from 'node:path';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { createSqlStorage } from '../../app/storage/sql-storage.ts';
import type { Storage } from '../../app/storage/storage.ts';
import { openNodeSql } from '../../lambda/node-sql.ts';
import { readWorker } from '../../scripts/wrangler-toml.ts';
import { fromWire, toWire } from './wire.ts';

export interface OpenStorage {
  /** Where it keeps its file; opened again, the same is there. */
  readonly folder: string;
  readonly maxMiB: number;
  readonly now: () => number;
}

export interface StoragePlace {
  readonly name: string;
  open(options: OpenStorage): Promise<Storage & AsyncDisposable>;
}

export const storagePlaces: readonly StoragePlace[] = [
  {
    name: 'node:sqlite',
    async open({ folder, maxMiB, now }) {
      const sql = openNodeSql(join(folder, 'storage.sqlite'));
      const storage = createSqlStorage(sql, { maxBytes: maxMiB * 2 ** 20, now });
      return { ...storage, [Symbol.asyncDispose]: async () => sql[Symbol.dispose]() };
    },
  },
  {
    name: 'a Durable Object in workerd',
    async open({ folder, maxMiB, now }) {
      const { outputFiles } = await build({
        entryPoints: [join(import.meta.dirname, 'storage-worker.ts')],
        bundle: true,
        format: 'esm',
        external: ['cloudflare:*'],
        write: false,
      });
      const { r2Buckets: _, ...worker } = readWorker();
      const miniflare = new Miniflare(
        convertV4MiniflareOptions({
          ...worker,
          resourcePersistencePath: folder,
          cf: false,
          telemetry: { enabled: false },
          durableObjects: { STORAGE: { className: 'TestStorageObject', useSQLite: true } },
          bindings: { CRIA_STORAGE: String(maxMiB) },
          modules: [{ type: 'ESModule', path: 'worker.js', contents: outputFiles[0]!.text }],
        }),
      );
      await miniflare.ready;
      const call = async (method: string, args: readonly unknown[]) => {
        const body = toWire({ method, args, nowMs: now() });
        const reply = await miniflare.dispatchFetch('http://storage/', { method: 'POST', body });
        const text = await reply.text();
        if (!reply.ok) throw new Error(text);
        return fromWire(text) as never;
      };
      return {
        get: (...args) => call('get', args),
        list: (...args) => call('list', args),
        read: (...args) => call('read', args),
        write: (...args) => call('write', args),
        [Symbol.asyncDispose]: () => miniflare.dispose(),
      };
    },
  },
];
