import { openLimits } from './limits.ts';
import { MODEL_NAMES, modelFile } from './model-files.ts';
import { openProfiler } from './profile.ts';
import { profileTable } from './profile-table.ts';

/** Profiles of decoding at 128 positions and of reading 128 tokens, for each model whose name `pattern` is part of. */
export async function profileModels(pattern: string): Promise<string> {
  const names = MODEL_NAMES.filter((name) => name.includes(pattern || MODEL_NAMES[0]));
  if (names.length === 0) throw new RangeError(`no model is named '${pattern}': ${MODEL_NAMES.join(', ')}`);

  const limits = (await openLimits())();
  const tables: string[] = [];
  for (const name of names) {
    const profiler = await openProfiler(await modelFile(name));
    await profiler.decode(16, 8); // V8 optimises code once it has run a while
    tables.push(profileTable(`${name}: decode at 128 positions`, await profiler.decode(128, 24), limits));
    await profiler.prefill(128);
    tables.push(profileTable(`${name}: prefill of 128 tokens`, await profiler.prefill(128), limits));
  }
  return tables.join('\n');
}
