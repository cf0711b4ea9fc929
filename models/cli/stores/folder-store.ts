/** Files in a folder: a disk, a network share, or what a web server serves. */
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openFileSource } from '../file-source.ts';
import { isWanted, PartialFile } from '../partial-file.ts';
import { type Store, StoreError } from './store.ts';

export function folderStore(folder: string): Store {
  const pathOf = (key: string) => join(folder, key);
  return {
    name: folder,
    holds: (key, file) => isWanted(pathOf(key), file, true),
    async readAll(key, limit) {
      const found = await stat(pathOf(key)).catch(unlessAbsent);
      if (found && found.size > limit)
        throw new StoreError(`${pathOf(key)} has ${found.size} bytes, limit ${limit}`);
      return found && readFile(pathOf(key));
    },
    async read(key, offset, length) {
      await using source = await openFileSource(pathOf(key));
      return source.read(offset, length);
    },
    /** Under a name of its own until all of it is there. */
    async putFile(key, file, signal, onProgress) {
      await using source = await openFileSource(file.path);
      if (source.size !== file.size)
        throw new StoreError(`${file.path} is not what its manifest says: run 'cria pack' again`);
      const partial = await PartialFile.open(pathOf(key), { name: key, ...file });
      try {
        for await (const chunk of source.stream(partial.length, file.size - partial.length)) {
          signal.throwIfAborted();
          await partial.append(chunk);
          onProgress(partial.length);
        }
        await partial.commit();
      } finally {
        await partial.close();
      }
    },
    async putBytes(key, bytes) {
      await mkdir(dirname(pathOf(key)), { recursive: true });
      await writeFile(`${pathOf(key)}.new`, bytes);
      await rename(`${pathOf(key)}.new`, pathOf(key)); // a reader never sees half of it
    },
  };
}

function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}
