/**
 * How workerd runs the Worker without anything else: its bundle, the settings from the environment, weights and page from
 * the disk, Durable Objects on it. `npm run build` writes it beside the bundle; the folders are named when it starts:
 *
 *     workerd serve dist/edge/workerd.capnp --socket-addr http=127.0.0.1:8787 --directory-path weights=… \
 *       --directory-path keys=… --directory-path page=dist/web --directory-path state=…
 *
 * Source   workerd.capnp, which comes with npm's workerd
 */
import { Vars } from '../edge/env.ts';
import { V8_FLAGS } from '../infra/v8-flags.ts';
import { readObjects, readWorker } from './wrangler-toml.ts';

/** `modules` are files beside the config, the entry first. */
export function workerdConfig(modules: readonly string[]): string {
  const { name, compatibilityDate, compatibilityFlags } = readWorker();
  const objects = Object.entries(readObjects());
  const bindings = [
    ...Object.keys(Vars.shape).map((key) => `(name = ${text(key)}, fromEnvironment = ${text(key)})`),
    ...objects.map(
      ([key, { className }]) => `(name = ${text(key)}, durableObjectNamespace = ${text(className)})`,
    ),
    '(name = "WEIGHTS_FOLDER", service = "weights")',
    '(name = "KEYS_FOLDER", service = "keys")',
    '(name = "PAGE", service = "page")',
  ];
  // The key is Miniflare's, so that what was stored under it is found again.
  const namespaces = objects.map(
    ([, { className }]) =>
      `(className = ${text(className)}, uniqueKey = ${text(`${name}-${className}`)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "weights", disk = (writable = false)),
    (name = "keys", disk = (writable = false)),
    (name = "page", disk = (writable = false)),
    (name = "state", disk = (writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "main")],
  v8Flags = [${V8_FLAGS.map(text).join(', ')}],
);

const worker :Workerd.Worker = (
  modules = [
    ${modules.map(module).join(',\n    ')},
  ],
  compatibilityDate = ${text(compatibilityDate)},
  compatibilityFlags = [${(compatibilityFlags ?? []).map(text).join(', ')}],
  bindings = [
    ${bindings.join(',\n    ')},
  ],
  durableObjectNamespaces = [${namespaces.join(', ')}],
  durableObjectStorage = (localDisk = "state"),
);
`;
}

const module = (file: string) =>
  `(name = ${text(file)}, ${file.endsWith('.wasm') ? 'wasm' : 'esModule'} = embed ${text(file)})`;

/** As Cap'n Proto writes text: JSON's escapes are among its own. */
const text = (value: string) => JSON.stringify(value);
