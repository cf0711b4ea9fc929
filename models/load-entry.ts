import type { Device } from '../kernels/kernels.ts';
import { FormatError, IntegrityError } from './errors.ts';
import { type CreateHasher, checkedSource } from './hashed-source.ts';
import { type LoadedModel, type LoadOptions, loadModel, loadPackedModel } from './load.ts';
import type { Manifest } from './manifest.ts';
import { PACKED_FOLDER, PACKED_MANIFEST, readPackedManifest } from './packed/manifest.ts';
import type { OpenFile } from './source.ts';

/**
 * Loads a catalogue entry from its files: the packed form where there is one, else the GGUF. Every file whose sha256
 * is known is checked on the way; every file that was opened is closed again.
 *
 * Throws   FormatError when there is neither; as `loadModel` and `loadPackedModel`
 */
export async function loadEntry(
  device: Device,
  { files, template, toolFormat }: Manifest,
  open: OpenFile,
  createHasher: CreateHasher,
  options: Omit<LoadOptions, 'template' | 'toolFormat'>,
): Promise<LoadedModel> {
  const [{ name, sha256 }] = files as [Manifest['files'][number]];
  const opened: Partial<AsyncDisposable>[] = [];
  const openHere: OpenFile = async (file) => {
    const source = await open(file);
    if (source !== undefined) opened.push(source);
    return source;
  };
  const openPacked: OpenFile = (file) => openHere(`${PACKED_FOLDER}/${file}`);

  try {
    const packed = await openPacked(PACKED_MANIFEST);
    if (packed !== undefined) {
      const manifest = await readPackedManifest(packed);
      if (sha256 !== undefined && manifest.from.sha256 !== sha256)
        throw new IntegrityError(`what ${packed.name} was packed from`, sha256, manifest.from.sha256);
      return await loadPackedModel(device, manifest, openPacked, createHasher, {
        ...options,
        template,
        toolFormat,
      });
    }
    const source = await openHere(name);
    if (source === undefined)
      throw new FormatError(name, 0, 'there is no such file, and no packed form of it');
    const checked = sha256 === undefined ? source : checkedSource(source, sha256, createHasher);
    return await loadModel(device, checked, { ...options, template, toolFormat });
  } finally {
    for (const source of opened) await source[Symbol.asyncDispose]?.();
  }
}
