import type { Manifest } from '../manifest.ts';
import type { Reporter } from './events.ts';
import { hubOf } from './hub-http.ts';
import { pull } from './pull.ts';
import { openStore } from './stores/open-store.ts';
import { pullPublished, UnpublishedError } from './stores/pull-published.ts';

/** A store that 'cria publish' filled. */
export interface Origin {
  readonly address: string;
  readonly endpoint?: string | undefined;
  readonly version?: string | undefined; // the current one when undefined
  /** A model that it does not have comes from the hub. */
  readonly orHub: boolean;
}

export interface FetchModelOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly home: string; // CRIA_HOME
  readonly report: Reporter;
  readonly signal: AbortSignal;
  readonly now: () => number; // ms
  /** Read files that are there already and compare their sha256; otherwise their size is enough. */
  readonly verify: boolean;
}

/** Brings a model to this machine, from a store or from the hub. Throws as `pull` and `pullPublished`. */
export async function fetchModel(
  entry: Manifest,
  origin: Origin | undefined,
  options: FetchModelOptions,
): Promise<void> {
  const { environment } = options;
  if (origin !== undefined) {
    const store = await openStore(origin.address, { ...options, endpoint: origin.endpoint });
    try {
      return await pullPublished(store, entry, { ...options, version: origin.version });
    } catch (error) {
      if (!origin.orHub || !(error instanceof UnpublishedError)) throw error;
      options.report({ event: 'skipped', from: 'the hub', problem: `${store.name} has no ${entry.name}` });
    }
  }
  await pull(entry, { ...options, hub: hubOf(environment), pip: { environment } });
}
