/** S3 in path style: objects, ranges, lists, uploads in parts. */
import { AwsError } from './errors.ts';
import { type AwsRequest, type AwsResponse, type Service, xml } from './protocol.ts';
import { md5, type S3Store } from './s3-store.ts';

export const MAX_PART = 10_000;

interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly parts: Map<number, Buffer>;
}

export function s3(store: S3Store): Service {
  const uploads = new Map<string, Upload>();
  let nextUpload = 1;

  function onBucket({ method, query, body }: AwsRequest, bucket: string): AwsResponse {
    if (method === 'PUT') {
      store.createBucket(bucket);
      return { status: 200 };
    }
    const found = store.list(bucket, query.get('prefix') ?? '');
    if (method === 'POST' && query.has('delete')) {
      for (const key of tags(body, 'Key')) store.delete(bucket, key);
      return answer('DeleteResult', '');
    }
    if (query.has('location')) return answer('LocationConstraint', '');
    if (query.has('encryption'))
      throw new AwsError('ServerSideEncryptionConfigurationNotFoundError', 'not configured', 404);
    return answer(
      'ListBucketResult',
      xml({ Name: bucket, KeyCount: found.length, IsTruncated: false }) +
        found
          .map(([Key, { bytes, etag }]) => xml({ Contents: { Key, Size: bytes.length, ETag: `"${etag}"` } }))
          .join(''),
    );
  }

  function onUpload({ method, query, headers, body }: AwsRequest, bucket: string, key: string): AwsResponse {
    const id = query.get('uploadId');
    if (id === null) {
      const UploadId = `upload-${nextUpload++}`;
      if (!store.has(bucket)) throw new AwsError('NoSuchBucket', bucket, 404);
      uploads.set(UploadId, { bucket, key, parts: new Map() });
      return answer('InitiateMultipartUploadResult', xml({ Bucket: bucket, Key: key, UploadId }));
    }
    const upload = uploads.get(id);
    if (upload?.bucket !== bucket || upload.key !== key)
      throw new AwsError('NoSuchUpload', `no upload ${id} of ${bucket}/${key}`, 404);
    if (method === 'DELETE') {
      uploads.delete(id);
      return { status: 204 };
    }
    if (method === 'PUT') {
      const part = Number(query.get('partNumber'));
      if (!(part >= 1 && part <= MAX_PART)) throw new AwsError('InvalidArgument', `part number ${part}`);
      const bytes = payload(headers, body);
      upload.parts.set(part, bytes);
      return { status: 200, headers: { etag: `"${md5(bytes)}"` } };
    }
    const parts = tags(body, 'PartNumber').map((number) => {
      const bytes = upload.parts.get(Number(number));
      if (!bytes) throw new AwsError('InvalidPart', `part ${number} was not uploaded`);
      return bytes;
    });
    uploads.delete(id);
    const etag = `${md5(Buffer.from(parts.map(md5).join(''), 'hex'))}-${parts.length}`;
    store.put(bucket, key, Buffer.concat(parts), etag);
    return answer('CompleteMultipartUploadResult', xml({ Bucket: bucket, Key: key, ETag: `"${etag}"` }));
  }

  return (request) => {
    const { method, path, query, headers, body } = request;
    const [bucket, ...rest] = path.slice(1).split('/').map(decodeURIComponent);
    const key = rest.join('/');
    if (!bucket) throw new AwsError('NotImplemented', 'S3: lists of buckets', 501);
    if (key === '') return onBucket(request, bucket);
    if (query.has('uploads') || query.has('uploadId')) return onUpload(request, bucket, key);
    switch (method) {
      case 'PUT':
        return { status: 200, headers: { etag: `"${store.put(bucket, key, payload(headers, body)).etag}"` } };
      case 'GET':
      case 'HEAD': {
        const { bytes, etag } = store.get(bucket, key);
        return range(bytes, headers.range, etag);
      }
      case 'DELETE':
        store.delete(bucket, key);
        return { status: 204 };
      default:
        throw new AwsError('MethodNotAllowed', method, 405);
    }
  };
}

const answer = (name: string, inner: string): AwsResponse => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: `<${name}>${inner}</${name}>`,
});

function range(bytes: Buffer, asked: string | undefined, etag: string): AwsResponse {
  const headers = {
    etag: `"${etag}"`,
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
  };
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(asked ?? '') ?? [];
  if (from === undefined) return { status: 200, headers, body: bytes };
  const start = from === '' ? Math.max(0, bytes.length - Number(to)) : Number(from);
  const end = from === '' || to === '' ? bytes.length - 1 : Math.min(Number(to), bytes.length - 1);
  if (start > end) throw new AwsError('InvalidRange', `${asked} of ${bytes.length} bytes`, 416);
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end}/${bytes.length}` },
    body: bytes.subarray(start, end + 1),
  };
}

/** What is stored: clients that add a checksum after the bytes send them in chunks, each after its length. */
function payload(headers: AwsRequest['headers'], body: Buffer): Buffer {
  if (!/\baws-chunked\b/.test(headers['content-encoding'] ?? '')) return body;
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, line), 16); // extensions after a `;` are not read
    if (line < 0 || !Number.isFinite(size)) throw new AwsError('IncompleteBody', `no chunk at byte ${at}`);
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(body.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

const tags = (body: Buffer, name: string): string[] =>
  [...body.toString().matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text]) => text!);
