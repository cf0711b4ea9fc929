import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/** What a test reads in a model's place. */
export interface Recitals {
  readonly model: boolean;
  readonly guard: boolean;
}

/** For the build of either door, as it is but for an import or two: engine/model-engine.ts is recital-engine.ts, and so on. */
export function recitalPlugins({ model, guard }: Recitals): Plugin[] {
  return [
    ...(model ? [inPlaceOf('model-engine', 'recital-engine')] : []),
    ...(guard ? [inPlaceOf('model-guard', 'recital-guard')] : []),
  ];
}

const inPlaceOf = (file: string, recital: string): Plugin => ({
  name: recital,
  setup: ({ onResolve }) =>
    onResolve({ filter: new RegExp(`/${file}\\.ts$`) }, () => ({
      path: join(import.meta.dirname, `${recital}.ts`),
    })),
});
