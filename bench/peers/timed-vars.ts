import type { Manifest } from '../../models/manifest.ts';

/** Settings of a server that is timed. What is timed is computed: nothing found in a cache, nothing guessed. */
export const timedVars = (entry: Manifest, context: number): Readonly<Record<string, string>> => ({
  CRIA_MODEL: entry.name,
  CRIA_CONTEXT: String(context),
  CRIA_PREFIX_CACHE: '0',
  CRIA_SPECULATE: 'off',
});
