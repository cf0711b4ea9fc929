import { statSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Manifest } from '../../models/manifest.ts';
import { PACKED_FOLDER } from '../../models/packed/manifest.ts';

/** Makes a GGUF file, or a packed folder, the one that `models` has of a catalogue entry. */
export async function linkModel(models: string, { name, files }: Manifest, path: string): Promise<void> {
  const folder = join(models, name);
  await mkdir(folder, { recursive: true });
  await symlink(resolve(path), join(folder, statSync(path).isDirectory() ? PACKED_FOLDER : files[0]!.name));
}
