/** Both doors as they are, but for one import: engine/model-engine.ts is recital-engine.ts. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';

const ENGINE = join(import.meta.dirname, 'recital-engine.ts');

/** For the Worker's bundle. */
export const recitalPlugin: Plugin = {
  name: 'recital',
  setup: ({ onResolve }) => onResolve({ filter: /\/model-engine\.ts$/ }, () => ({ path: ENGINE })),
};

/** For Node's `--import`. */
export const RECITAL_HOOKS = pathToFileURL(join(import.meta.dirname, 'recital-hooks.ts')).href;
