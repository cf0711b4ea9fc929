import { openFileSource } from '../../models/cli/file-source.ts';
import { type Gguf, readGguf } from '../../models/gguf/gguf.ts';
import { smollm2Path } from './smollm2.ts';

/** The header of the default model's file. */
export async function smollm2Gguf(): Promise<Gguf> {
  await using source = await openFileSource(smollm2Path());
  return await readGguf(source);
}
