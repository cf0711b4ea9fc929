/** Files in a bucket, by S3's API. Source: Amazon S3 API Reference, 2006-03-01. */
import { createHash } from 'node:crypto';
import { openFileSource } from '../file-source.ts';
import { inOrder } from './in-order.ts';
import { type S3Client, tag } from './s3-client.ts';
import { type LocalFile, type Store, StoreError } from './store.ts';

export interface S3StoreOptions {
  readonly name: string;
  readonly prefix: string; // empty, or ends with a slash
  readonly partBytes: number; // of a large file; 5 MiB at least
}

/** 10,000 of them hold more than any file of ours. */
export const PART_BYTES = 16 << 20;
const AT_ONCE = 4;

/** A part that the store has. */
interface Part {
  readonly number: number;
  readonly etag: string;
}

export function s3Store(send: S3Client, { name, prefix, partBytes }: S3StoreOptions): Store {
  async function putWhole(
    key: string,
    bytes: Uint8Array,
    sha256: string,
    signal: AbortSignal,
  ): Promise<void> {
    const headers = { 'x-amz-meta-sha256': sha256, 'content-type': typeOf(key) };
    await send({ method: 'PUT', key: prefix + key, headers, body: bytes }, signal);
  }

  async function putInParts(
    key: string,
    { path, size, sha256 }: LocalFile,
    signal: AbortSignal,
    onProgress: (done: number) => void,
  ): Promise<void> {
    await using source = await openFileSource(path);
    const upload = (await begun(key, signal)) ?? (await begin(key, sha256, signal));
    const there = await partsOf(key, upload, signal);
    const whole = createHash('sha256');
    let done = 0;
    const numbers = Array.from({ length: Math.ceil(size / partBytes) }, (_, i) => i + 1);
    const parts: Part[] = [];
    const sendPart = async (number: number): Promise<Part & { readonly bytes: Uint8Array }> => {
      const offset = (number - 1) * partBytes;
      const bytes = await source.read(offset, Math.min(partBytes, size - offset));
      const md5 = createHash('md5').update(bytes).digest('hex');
      const known = there.get(number);
      if (known === `"${md5}"`) return { number, etag: known, bytes };
      const query = { partNumber: String(number), uploadId: upload };
      const { headers } = await send({ method: 'PUT', key: prefix + key, query, body: bytes }, signal);
      return { number, etag: headers.get('etag') ?? '', bytes };
    };
    for await (const { bytes, ...part } of inOrder(numbers, AT_ONCE, sendPart)) {
      whole.update(bytes);
      parts.push(part);
      done += bytes.length;
      onProgress(done);
    }
    if (whole.digest('hex') !== sha256)
      throw new StoreError(`${path} has changed while it was sent: run 'cria pack' again`);
    await complete(key, upload, parts, signal);
  }

  /** What an earlier run has begun. */
  async function begun(key: string, signal: AbortSignal): Promise<string | undefined> {
    const query = { uploads: '', prefix: prefix + key };
    const { status, body } = await send({ method: 'GET', key: '', query, also: [403, 501] }, signal);
    if (status !== 200) return undefined; // not to be asked here: then all of it is sent
    const uploads = [...new TextDecoder().decode(body).matchAll(/<Upload>(.*?)<\/Upload>/gs)];
    const ours = uploads.filter(([, upload]) => tag(upload!, 'Key') === prefix + key);
    return ours.length === 0 ? undefined : tag(ours.at(-1)![1]!, 'UploadId');
  }

  async function begin(key: string, sha256: string, signal: AbortSignal): Promise<string> {
    const headers = { 'x-amz-meta-sha256': sha256, 'content-type': typeOf(key) };
    const request = { method: 'POST', key: prefix + key, query: { uploads: '' }, headers } as const;
    const { body } = await send(request, signal);
    const upload = tag(new TextDecoder().decode(body), 'UploadId');
    if (upload === undefined) throw new StoreError(`${name}: ${key}: the store began no upload`);
    return upload;
  }

  /** Etags by number. A store that encrypts with keys of its own gives others than md5: those parts are sent again. */
  async function partsOf(key: string, uploadId: string, signal: AbortSignal): Promise<Map<number, string>> {
    const found = new Map<number, string>();
    for (let after: string | undefined = '0'; after !== undefined; ) {
      const query = { uploadId, 'part-number-marker': after };
      const { body } = await send({ method: 'GET', key: prefix + key, query }, signal);
      const xml = new TextDecoder().decode(body);
      for (const [, part] of xml.matchAll(/<Part>(.*?)<\/Part>/gs))
        found.set(Number(tag(part!, 'PartNumber')), tag(part!, 'ETag') ?? '');
      const next = tag(xml, 'IsTruncated') === 'true' ? tag(xml, 'NextPartNumberMarker') : undefined;
      after = next === after ? undefined : next;
    }
    return found;
  }

  async function complete(
    key: string,
    uploadId: string,
    parts: readonly Part[],
    signal: AbortSignal,
  ): Promise<void> {
    const list = parts.map(
      ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`,
    );
    const xml = `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`;
    const request = { method: 'POST', key: prefix + key, query: { uploadId } } as const;
    const { body } = await send({ ...request, body: new TextEncoder().encode(xml) }, signal);
    const code = tag(new TextDecoder().decode(body), 'Code'); // S3 may say 200 first, and then that it failed
    if (code !== undefined)
      throw new StoreError(`${name}: ${key}: the store did not join the parts: ${code}`);
  }

  return {
    name,
    async holds(key, { size, sha256 }, signal) {
      const { status, headers } = await send({ method: 'HEAD', key: prefix + key, also: [404] }, signal);
      return (
        status === 200 &&
        Number(headers.get('content-length')) === size &&
        headers.get('x-amz-meta-sha256') === sha256 // as it was sent: no store computes it of many parts
      );
    },
    async readAll(key, limit, signal) {
      const request = { method: 'GET', key: prefix + key, also: [404], maxBytes: limit } as const;
      const { status, body } = await send(request, signal);
      return status === 404 ? undefined : body;
    },
    async read(key, offset, length, signal) {
      const headers = { range: `bytes=${offset}-${offset + length - 1}` };
      const request = { method: 'GET', key: prefix + key, headers, maxBytes: length } as const;
      const { status, body } = await send(request, signal);
      if (status !== 206 || body.length !== length)
        throw new StoreError(
          `${name}: ${key}: ${length} bytes asked for from ${offset}, ${body.length} came`,
        );
      return body;
    },
    async putFile(key, file, signal, onProgress) {
      if (file.size > partBytes) return putInParts(key, file, signal, onProgress);
      await using source = await openFileSource(file.path);
      const bytes = await source.read(0, file.size);
      if (createHash('sha256').update(bytes).digest('hex') !== file.sha256)
        throw new StoreError(`${file.path} is not what its manifest says: run 'cria pack' again`);
      await putWhole(key, bytes, file.sha256, signal);
      onProgress(file.size);
    },
    putBytes: (key, bytes, signal) =>
      putWhole(key, bytes, createHash('sha256').update(bytes).digest('hex'), signal),
  };
}

const typeOf = (key: string) => (key.endsWith('.json') ? 'application/json' : 'application/octet-stream');
