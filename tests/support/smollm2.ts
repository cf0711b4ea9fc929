import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const FILE = 'models/smollm2-135m-instruct-q4_1/SmolLM2-135M-Instruct.Q4_1.gguf';

/** The default model in the cache folder. Throws when it is not there: a test that cannot run fails. */
export function smollm2Path(): string {
  const home = process.env.CRIA_HOME ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'cria');
  const path = join(home, FILE);
  if (!existsSync(path)) throw new Error(`${path} is missing: run 'npm start' or 'npm run pull' once`);
  return path;
}
