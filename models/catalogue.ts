/** The models that Cria can fetch by name. */
import llama1bQ4_0 from './catalogue/llama-3.2-1b-instruct-q4_0.json' with { type: 'json' };
import llama1bQ4KM from './catalogue/llama-3.2-1b-instruct-q4_k_m.json' with { type: 'json' };
import llama1bQ8_0 from './catalogue/llama-3.2-1b-instruct-q8_0.json' with { type: 'json' };
import llama3bQ4_0 from './catalogue/llama-3.2-3b-instruct-q4_0.json' with { type: 'json' };
import llama3bQ4KM from './catalogue/llama-3.2-3b-instruct-q4_k_m.json' with { type: 'json' };
import llama3bQ8_0 from './catalogue/llama-3.2-3b-instruct-q8_0.json' with { type: 'json' };
import guard1bQ4KM from './catalogue/llama-guard-3-1b-q4_k_m.json' with { type: 'json' };
import guard1bQ8_0 from './catalogue/llama-guard-3-1b-q8_0.json' with { type: 'json' };
import smollm2Q4_1 from './catalogue/smollm2-135m-instruct-q4_1.json' with { type: 'json' };
import { UnlistedModelError } from './errors.ts';
import { type Manifest, parseManifest } from './manifest.ts';

/** Every entry, the default model first. */
export const CATALOGUE: readonly Manifest[] = [
  smollm2Q4_1,
  llama1bQ4_0,
  llama1bQ4KM,
  llama1bQ8_0,
  llama3bQ4_0,
  llama3bQ4KM,
  llama3bQ8_0,
  guard1bQ4KM,
  guard1bQ8_0,
].map(parseManifest);

/** Finds an entry by id, name or alias, in any case. Throws UnlistedModelError, which lists the names there are. */
export function findModel(name: string): Manifest {
  const wanted = name.toLowerCase();
  const found = CATALOGUE.find((entry) =>
    [entry.id, entry.name, ...entry.aliases].some((known) => known.toLowerCase() === wanted),
  );
  if (found !== undefined) return found;
  throw new UnlistedModelError(
    name,
    CATALOGUE.map((entry) => entry.name),
  );
}
