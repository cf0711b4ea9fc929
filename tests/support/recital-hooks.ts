/** Node loads recital-engine.ts where the server asks for engine/model-engine.ts. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.endsWith('/model-engine.ts')
      ? { url: new URL('recital-engine.ts', import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
});
