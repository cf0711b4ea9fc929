import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { type AccessKey, parseKeys } from '../../app/access/access-key.ts';

/** The keys of a file; none where there is no file. Throws KeysError, and what the file system throws. */
export async function readKeys(path: string): Promise<readonly AccessKey[]> {
  try {
    return parseKeys(await readFile(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Puts the keys in the file's place at once, so that a server never reads half of them. Only its owner may read it.
 *
 * Throws   KeysError when a server would refuse them
 */
export async function writeKeys(path: string, keys: readonly AccessKey[]): Promise<void> {
  const text = `${JSON.stringify({ keys }, null, 2)}\n`;
  parseKeys(text);
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, text, { mode: 0o600 });
  await chmod(fresh, 0o600); // writeFile's mode is for a file that it makes
  await rename(fresh, path);
}
