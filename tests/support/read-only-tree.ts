import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A user that can change nothing in such a tree: root, whom no mode holds back, has to become it. */
export const NOBODY = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};

export async function makeReadOnly(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) await chmod(join(entry.parentPath, entry.name), 0o444);
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true }))
    if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o555);
  await chmod(path, 0o555);
}

/** So that it can be removed. */
export async function makeWritable(path: string): Promise<void> {
  await chmod(path, 0o755);
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true }))
    if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o755);
}
