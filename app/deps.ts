import type { Engine } from '../engine/engine.ts';
import type { Access } from './access/access.ts';
import type { Limiter } from './access/limiter.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Metrics, PlatformSample } from './metrics.ts';
import type { Safety } from './safety.ts';
import type { Storage } from './storage/storage.ts';

/** All that a door must bring. The app reaches for nothing else: no env, no globals, no clock. */
export interface Deps {
  readonly engine: Engine;
  /** Who may come in; anybody when absent. */
  readonly access?: Access | undefined;
  /** Counts what callers take; nobody is limited when absent. */
  readonly limiter?: Limiter | undefined;
  /** What judges, where the operator wants it. */
  readonly safety?: Safety | undefined;
  /** Where the stateful routes keep what they must know again. */
  readonly storage: Storage;
  /** There may be a batch to run, or to stop running: whoever runs them (batches/run-batches.ts) should look. */
  readonly wakeBatches: () => Promise<void>;
  /** Where a server ends by finishing what it does. A Worker does not. */
  readonly lifecycle?: Lifecycle;
  /** What counts; the app's own when absent. */
  readonly metrics?: Metrics;
  /** Of the process, for the metrics. */
  readonly platform?: () => readonly PlatformSample[];
  /** What the server and the model run on: `workerd`, `node` or `lambda`, and `wasm`. */
  readonly place: { readonly runtime: string; readonly backend: string };
  readonly now: () => number; // Unix milliseconds
  readonly newId: () => string; // unique, URL-safe
  readonly log: (event: Record<string, string | number>) => void;
}
