import type { R2Bucket } from '@cloudflare/workers-types';
import { PACKED_FOLDER, PACKED_MANIFEST } from '../models/packed/manifest.ts';
import { currentKey, MAX_CURRENT_BYTES, publishedKey, readCurrent } from '../models/published.ts';
import type { OpenFile } from '../models/source.ts';
import { openR2Source } from './r2-source.ts';

/**
 * A model's files in R2: the version that `cria publish` made current, else what lies under the model's own name. A
 * load begins with the packed manifest, and stays with the version it found then.
 */
export function openWeights(bucket: R2Bucket, model: string): OpenFile {
  let version: string | undefined;
  return async (file) => {
    const packed = file.startsWith(`${PACKED_FOLDER}/`) ? file.slice(PACKED_FOLDER.length + 1) : undefined;
    if (packed === PACKED_MANIFEST) version = await currentVersion(bucket, model);
    return packed !== undefined && version !== undefined
      ? openR2Source(bucket, publishedKey(model, version, packed))
      : openR2Source(bucket, `${model}/${file}`);
  };
}

async function currentVersion(bucket: R2Bucket, model: string): Promise<string | undefined> {
  const source = await openR2Source(bucket, currentKey(model));
  return source && readCurrent(model, await source.read(0, Math.min(source.size, MAX_CURRENT_BYTES + 1)));
}
