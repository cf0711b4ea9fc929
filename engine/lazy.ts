import type { Engine, EngineStats, ModelInfo } from './engine.ts';
import { createLazyLoad, type LazyLoadParts } from './lazy-load.ts';

export interface LazyEngineParts extends Omit<LazyLoadParts<Engine>, 'name'> {
  readonly info: ModelInfo;
}

/** Of an engine that has answered nothing. */
export const NO_COUNTS: Omit<EngineStats, 'state' | 'load'> = {
  running: 0,
  waiting: 0,
  promptTokens: 0,
  completionTokens: 0,
  prefixQueries: 0,
  prefixHits: 0,
  requests: 0,
  rejected: 0,
  aborted: 0,
  failed: 0,
  steps: 0,
  draftTokens: 0,
  acceptedTokens: 0,
  deviceBytes: 0,
  cachePositions: 0,
  cacheCapacity: 0,
};

/** An engine that loads on the first request, as `createLazyLoad` does. */
export function createLazyEngine({ info, ...parts }: LazyEngineParts): Engine {
  const engine = createLazyLoad({ name: info.id, ...parts });
  return {
    models: () => [info],
    stats: () => ({
      ...(engine.value?.stats() ?? { ...NO_COUNTS, state: engine.state }),
      load: engine.progress,
    }),
    prepare: async (signal) => (await engine.get(signal)).prepare(signal),
    start: async (request, signal) => (await engine.get(signal)).start(request, signal),
    embed: async (request, signal) => (await engine.get(signal)).embed(request, signal),
    countTokens: async (request, signal) => (await engine.get(signal)).countTokens(request, signal),
  };
}
