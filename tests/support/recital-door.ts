import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/** For the build of either door, as it is but for one import: engine/model-engine.ts is recital-engine.ts. */
export const recitalPlugin: Plugin = {
  name: 'recital',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/model-engine\.ts$/ }, () => ({
      path: join(import.meta.dirname, 'recital-engine.ts'),
    })),
};
