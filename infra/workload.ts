import type { MemoryNeed } from './memory.ts';
import type { ModelFacts } from './model-facts.ts';
import type { Instance } from './prices.ts';

export interface SecretUse {
  readonly env: string; // the variable the process reads
  readonly secret: string; // the name it is kept under
}

export interface Volume {
  readonly name: string;
  /** weights are read only, and the same for all; state is this workload's own. */
  readonly kind: 'weights' | 'state';
  readonly path: string; // in the container
}

/** Hours in which one that may go to zero stays up; times of day, in a time zone. */
export interface Warm {
  readonly from: string;
  readonly to: string;
  readonly days: string;
  readonly timeZone: string;
}

/** A program that runs, once or several times. */
export interface Workload {
  readonly name: string;
  readonly kind: 'gateway' | 'edge' | 'node' | 'gpu';
  readonly image: string;
  readonly argv: readonly string[];
  readonly port: number;
  /** Without the gateway's CRIA_ROUTES, whose URLs depend on the place: gateway-routes.ts writes it. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretUse[];
  readonly volumes: readonly Volume[];
  readonly health: string; // path: whether it can answer now
  readonly live: string; // path: whether it works, or should be started again
  readonly replicas: { readonly min: number; readonly max: number };
  readonly warm: Warm | undefined;
  readonly cpus: number;
  readonly memory: number; // bytes, of one replica
  /** Models of the catalogue that have to be in the weights before it starts. */
  readonly weights: readonly string[];
  /** What answers here; the gateway has none. */
  readonly model: PlannedModel | undefined;
  readonly gpus: number;
  readonly gpuMemory: MemoryNeed | undefined; // of each card
  readonly instance: Instance | undefined; // in the cloud
}

/** Brings one model's weights to the volume of that name, before those who serve it start. */
export interface Fetch {
  readonly name: string;
  readonly model: string; // of the catalogue
  readonly version: string | undefined; // of the store; the current one
  /** Where it comes from; the hub when undefined. */
  readonly store: PublishedStore | undefined;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretUse[];
}

/** A bucket that `cria publish` filled. */
export interface PublishedStore {
  readonly address: string; // as `cria pull --from` takes it; a word of argv
  readonly region: string | undefined; // of AWS
  readonly endpoint: string | undefined; // in place of AWS' or Cloudflare's
  /** What it does not have comes from the hub. */
  readonly orHub: boolean;
  readonly secrets: readonly SecretUse[];
}

export interface PlannedModel {
  readonly id: string; // as its server knows it
  readonly facts: ModelFacts;
  readonly context: number;
  readonly concurrency: number;
  readonly need: MemoryNeed;
}

/** Another server, that exists already. */
export interface Remote {
  readonly name: string;
  readonly url: string;
  readonly model: string;
  readonly context: number; // tokens
  readonly key: SecretUse | undefined;
}
