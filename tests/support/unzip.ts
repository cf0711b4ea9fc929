import { inflateRawSync } from 'node:zlib';

const END = 0x06054b50;
const END_BYTES = 22;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const HEADER_BYTES = 30;
const MAX_BYTES = 64 * 2 ** 20;

/**
 * The files of an archive, by their names in it.
 *
 * Throws   Error for what is no zip, or is packed in a way that neither the CDK nor pip uses
 * Source   PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16
 */
export function unzip(archive: Buffer): Map<string, Buffer> {
  const end = archive.length - END_BYTES; // no comment after it
  if (end < 0 || archive.readUInt32LE(end) !== END) throw new Error('not a zip, or one with a comment');
  const files = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (archive.readUInt32LE(at) !== ENTRY) throw new Error(`no entry at byte ${at}`);
    const method = archive.readUInt16LE(at + 10);
    const packedBytes = archive.readUInt32LE(at + 20);
    const nameBytes = archive.readUInt16LE(at + 28);
    const header = archive.readUInt32LE(at + 42);
    const name = archive.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes);
    const start =
      header + HEADER_BYTES + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
    const packed = archive.subarray(start, start + packedBytes);
    if (method !== 0 && method !== 8) throw new Error(`${name}: packed by method ${method}`);
    if (!name.endsWith('/'))
      files.set(name, method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: MAX_BYTES }));
    at += ENTRY_BYTES + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return files;
}
