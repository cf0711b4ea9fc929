/** What this machine's Workers take from wrangler.toml, so that they run as the deployed one does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import * as z from 'zod';

/** The part of wrangler's own schema that is used here; wrangler itself takes a second and a half to import. */
const WranglerToml = z.object({
  name: z.string(),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  vars: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  r2_buckets: z.array(z.object({ binding: z.string(), bucket_name: z.string() })),
  durable_objects: z.object({ bindings: z.array(z.object({ name: z.string(), class_name: z.string() })) }),
});

const readConfig = () =>
  WranglerToml.parse(parse(readFileSync(join(import.meta.dirname, '..', 'wrangler.toml'), 'utf8')));

/** wrangler.toml's [vars], in whose place the environment may set others. */
export function readVars(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(readConfig().vars).map(([name, value]) => [name, environment[name] ?? String(value)]),
  );
}

/** The Worker's name, its compatibility and its buckets, as Miniflare wants them. */
export function readWorker() {
  const { name, compatibility_date, compatibility_flags, r2_buckets } = readConfig();
  return {
    name,
    compatibilityDate: compatibility_date,
    compatibilityFlags: compatibility_flags,
    r2Buckets: Object.fromEntries(r2_buckets.map(({ binding, bucket_name }) => [binding, bucket_name])),
  };
}

/** The Worker's Durable Objects, as Miniflare wants them. */
export function readObjects() {
  const { bindings } = readConfig().durable_objects;
  return Object.fromEntries(
    bindings.map(({ name, class_name }) => [name, { className: class_name, useSQLite: true }]),
  );
}
