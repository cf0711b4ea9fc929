import { PACKED_FOLDER, PACKED_MANIFEST } from '../models/packed/manifest.ts';
import { currentKey, MAX_CURRENT_BYTES, publishedKey, readCurrent } from '../models/published.ts';
import type { OpenFile } from '../models/source.ts';

/**
 * A model's files in a store, which `open` opens by their keys: the version that `cria publish` made current, else what
 * lies under the model's own name. A load begins with the packed manifest, and stays with the version it found then.
 */
export function openWeights(open: OpenFile, model: string): OpenFile {
  let version: string | undefined;
  return async (file) => {
    const packed = file.startsWith(`${PACKED_FOLDER}/`) ? file.slice(PACKED_FOLDER.length + 1) : undefined;
    if (packed === PACKED_MANIFEST) version = await currentVersion(open, model);
    return packed !== undefined && version !== undefined
      ? open(publishedKey(model, version, packed))
      : open(`${model}/${file}`);
  };
}

async function currentVersion(open: OpenFile, model: string): Promise<string | undefined> {
  const source = await open(currentKey(model));
  return source && readCurrent(model, await source.read(0, Math.min(source.size, MAX_CURRENT_BYTES + 1)));
}
