import type { Engine, EngineStats } from './engine.ts';
import { UnknownModelError } from './errors.ts';

/**
 * Several engines behind one: a request goes to the engine that serves its model.
 *
 * Throws   Error when two engines serve a model of the same name
 */
export function createRouter(engines: readonly Engine[]): Engine {
  const byModel = new Map<string, Engine>();
  for (const engine of engines)
    for (const { id } of engine.models()) {
      if (byModel.has(id)) throw new Error(`two engines serve model '${id}'`);
      byModel.set(id, engine);
    }

  function engineOf(model: string): Engine {
    const engine = byModel.get(model);
    if (!engine) throw new UnknownModelError(model, [...byModel.keys()]);
    return engine;
  }

  return {
    models: () => engines.flatMap((engine) => engine.models()),
    stats: () => sum(engines.map((engine) => engine.stats())),
    prepare: async (signal) => {
      await Promise.all(engines.map((engine) => engine.prepare(signal)));
    },
    start: async (request, signal) => engineOf(request.model).start(request, signal),
    embed: async (request, signal) => engineOf(request.model).embed(request, signal),
    countTokens: async (request, signal) => engineOf(request.model).countTokens(request, signal),
  };
}

/** Ready as soon as one is: a model that nobody has asked for yet need not be loaded. */
function sum(all: readonly EngineStats[]): EngineStats {
  const total = (of: (stats: EngineStats) => number) => all.reduce((sum, stats) => sum + of(stats), 0);
  const some = (state: EngineStats['state']) => all.some((stats) => stats.state === state);
  return {
    state: some('ready') ? 'ready' : some('loading') ? 'loading' : 'failed',
    load: { bytes: total(({ load }) => load.bytes), totalBytes: total(({ load }) => load.totalBytes) },
    running: total((stats) => stats.running),
    waiting: total((stats) => stats.waiting),
    promptTokens: total((stats) => stats.promptTokens),
    completionTokens: total((stats) => stats.completionTokens),
    prefixQueries: total((stats) => stats.prefixQueries),
    prefixHits: total((stats) => stats.prefixHits),
    requests: total((stats) => stats.requests),
    rejected: total((stats) => stats.rejected),
    aborted: total((stats) => stats.aborted),
    failed: total((stats) => stats.failed),
    steps: total((stats) => stats.steps),
    draftTokens: total((stats) => stats.draftTokens),
    acceptedTokens: total((stats) => stats.acceptedTokens),
    deviceBytes: total((stats) => stats.deviceBytes),
    cachePositions: total((stats) => stats.cachePositions),
    cacheCapacity: total((stats) => stats.cacheCapacity),
  };
}
