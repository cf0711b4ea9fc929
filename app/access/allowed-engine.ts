import type { Engine } from '../../engine/engine.ts';
import { ModelNotAllowedError } from './errors.ts';

/** An engine of which a key may use some models only; the others it does not even see. */
export function allowedEngine(engine: Engine, models: readonly string[]): Engine {
  function check(model: string): void {
    if (!models.includes(model)) throw new ModelNotAllowedError(model, models);
  }
  return {
    ...engine,
    models: () => engine.models().filter(({ id }) => models.includes(id)),
    async start(request, signal) {
      check(request.model);
      return engine.start(request, signal);
    },
    async embed(request, signal) {
      check(request.model);
      return engine.embed(request, signal);
    },
    async countTokens(request, signal) {
      check(request.model);
      return engine.countTokens(request, signal);
    },
  };
}
