/** How weights come to where they are served from. */
import type { Site } from './site.ts';
import type { Fetch, PublishedStore, SecretUse, Workload } from './workload.ts';

/** One for each model of the catalogue. What cannot be is added to `problems`. */
export function fetchesOf(site: Site, workloads: readonly Workload[], problems: string[]): Fetch[] {
  const store = publishedStore(site);
  const versions = versionsOf(site, workloads, store, problems);
  const models = new Set(workloads.flatMap(({ weights }) => weights));
  return [...models].map((model) => {
    const version = versions.get(model);
    return {
      name: fetchName(model),
      model,
      version,
      store,
      argv: ['node', 'models/cli/cria.ts', 'pull', model, ...storeArguments(store, version)],
      env: store?.region === undefined ? {} : { AWS_REGION: store.region },
      secrets: store?.secrets ?? [],
    };
  });
}

export const fetchName = (model: string): string => `fetch-${model.replaceAll(/[^a-z0-9]+/g, '-')}`;

/** Undefined where weights come from the hub. */
function publishedStore({ setup, stores, cloud }: Site): PublishedStore | undefined {
  const { weights } = stores;
  if (weights?.kind !== 's3' && weights?.kind !== 'r2') return undefined;
  const isCloud = setup === 'cloud';
  const { bucket, endpoint } = weights;
  const prefix = weights.prefix === undefined ? '' : `/${weights.prefix}`;
  if (weights.kind === 'r2')
    return {
      address: `r2://${weights.account}/${bucket}${prefix}`,
      region: undefined,
      endpoint,
      orHub: false,
      secrets: keysOf('R2'),
    };
  return {
    address: `s3://${bucket}${prefix}`,
    region: weights.region ?? (isCloud ? cloud.region : 'us-east-1'),
    endpoint,
    orHub: isCloud, // the stack makes the bucket, and nothing is in it on the first day
    secrets: isCloud ? [] : keysOf('AWS'), // there the task's role serves
  };
}

const keysOf = (whose: 'AWS' | 'R2'): SecretUse[] =>
  [`${whose}_ACCESS_KEY_ID`, `${whose}_SECRET_ACCESS_KEY`].map((name) => ({ env: name, secret: name }));

function storeArguments(store: PublishedStore | undefined, version: string | undefined): string[] {
  if (store === undefined) return [];
  return [
    '--from',
    store.address,
    ...(version === undefined ? [] : ['--version', version]),
    ...(store.endpoint === undefined ? [] : ['--endpoint', store.endpoint]),
    ...(store.orHub ? ['--or-hub'] : []),
  ];
}

/** The version of each model that the site names. */
function versionsOf(
  { models }: Site,
  workloads: readonly Workload[],
  store: PublishedStore | undefined,
  problems: string[],
): Map<string, string> {
  const versions = new Map<string, string>();
  const served = workloads.filter(({ model }) => model !== undefined);
  models
    .filter(({ engine }) => engine !== 'remote')
    .forEach((model, i) => {
      if (!('version' in model) || model.version === undefined) return;
      const at = `models[${models.indexOf(model)}].version`;
      const name = served[i]!.weights[0]!;
      const other = versions.get(name) ?? model.version;
      if (store === undefined)
        problems.push(`${at}: only what was published has versions: write stores.weights of kind s3 or r2`);
      if (other !== model.version)
        problems.push(`${at}: ${name} is wanted in two versions, and a machine has one: write the same`);
      versions.set(name, model.version);
    });
  return versions;
}
