/** What this machine's Workers take from wrangler.toml, so that they run as the deployed one does. */
import { join } from 'node:path';
import { unstable_readConfig } from 'wrangler';

/** A `[[r2_buckets]]` of wrangler.toml. */
interface BucketBinding {
  readonly binding: string;
  readonly bucket_name: string;
}

/** A `[[durable_objects.bindings]]` of wrangler.toml. */
interface ObjectBinding {
  readonly name: string;
  readonly class_name: string;
}

const readConfig = () => unstable_readConfig({ config: join(import.meta.dirname, '..', 'wrangler.toml') });

/** wrangler.toml's [vars], in whose place the environment may set others. */
export function readVars(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(readConfig().vars).map(([name, value]) => [name, environment[name] ?? String(value)]),
  );
}

/** The Worker's name, its compatibility and its buckets, as Miniflare wants them. */
export function readWorker() {
  const { name, compatibility_date, compatibility_flags, r2_buckets } = readConfig();
  const buckets = r2_buckets as BucketBinding[];
  return {
    name: name!,
    compatibilityDate: compatibility_date!,
    compatibilityFlags: compatibility_flags,
    r2Buckets: Object.fromEntries(buckets.map(({ binding, bucket_name }) => [binding, bucket_name])),
  };
}

/** The Worker's Durable Objects, as Miniflare wants them. */
export function readObjects() {
  const bindings = readConfig().durable_objects.bindings as ObjectBinding[];
  return Object.fromEntries(
    bindings.map(({ name, class_name }) => [name, { className: class_name, useSQLite: true }]),
  );
}
