/** A bucket behind S3's API, in memory. It checks signatures, and each body against the hash that was signed. */
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface FakeS3 extends AsyncDisposable {
  readonly url: string;
  /** By key; what a test puts here a client finds. */
  readonly objects: Map<string, FakeObject>;
  /** `PUT /bucket/key?query`, in the order in which they came. */
  readonly requests: readonly string[];
}

export interface FakeObject {
  readonly bytes: Buffer;
  readonly sha256: string | undefined; // the client's metadata
}

interface Upload {
  readonly key: string;
  readonly sha256: string | undefined;
  readonly parts: Map<number, Buffer>;
}

export interface FakeS3Options {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Says that a request fails: with a status, or as a connection that is cut. */
  readonly trouble?: (request: string) => number | 'cut' | undefined;
}

const BUCKET = 'weights';
const LEAST_PART = 5 << 20;

export async function fakeS3(options: FakeS3Options): Promise<FakeS3> {
  const objects = new Map<string, FakeObject>();
  const uploads = new Map<string, Upload>();
  const requests: string[] = [];

  const server = createServer(async (request, response) => {
    const line = `${request.method} ${request.url}`;
    const body = await buffer(request);
    requests.push(line);
    const trouble = options.trouble?.(line);
    if (trouble === 'cut') return request.socket.destroy();
    if (trouble !== undefined) return refuse(response, trouble, 'Trouble');
    const problem = whyRefused(request, body, options);
    if (problem !== undefined) return refuse(response, 403, problem);
    const url = new URL(request.url!, 'http://s3');
    const [, bucket, ...rest] = url.pathname.split('/');
    if (bucket !== BUCKET) return refuse(response, 404, 'NoSuchBucket');
    return answer(request, response, rest.join('/'), url.searchParams, body);
  });

  function answer(
    request: IncomingMessage,
    response: ServerResponse,
    key: string,
    query: URLSearchParams,
    body: Buffer,
  ): ServerResponse {
    const sha256 = request.headers['x-amz-meta-sha256'] as string | undefined;
    const upload = uploads.get(query.get('uploadId') ?? '');
    if (query.has('uploadId') && upload?.key !== key) return refuse(response, 404, 'NoSuchUpload');
    switch (request.method) {
      case 'PUT':
        if (upload) upload.parts.set(Number(query.get('partNumber')), body);
        else objects.set(key, { bytes: body, sha256 });
        return response.writeHead(200, { etag: etag(body) }).end();
      case 'POST':
        if (upload) return complete(response, query.get('uploadId')!, upload, body.toString());
        uploads.set(`u${uploads.size + 1}`, { key, sha256, parts: new Map() });
        return response.end(`<Result><UploadId>u${uploads.size}</UploadId></Result>`);
      default:
        if (upload) return listParts(response, upload, Number(query.get('part-number-marker')));
        if (query.has('uploads')) return listUploads(response, query.get('prefix') ?? '');
        return read(request, response, objects.get(key));
    }
  }

  function complete(
    response: ServerResponse,
    id: string,
    { key, sha256, parts }: Upload,
    xml: string,
  ): ServerResponse {
    const named = [...xml.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]*)<\/ETag>/g)];
    const bytes = named.map(([, number]) => parts.get(Number(number)));
    const areRight = named.every(([, , tag], i) => bytes[i] && etag(bytes[i]) === tag);
    if (!areRight || named.length !== parts.size) return refuse(response, 400, 'InvalidPart');
    if (bytes.slice(0, -1).some((one) => one!.length < LEAST_PART))
      return refuse(response, 400, 'EntityTooSmall');
    uploads.delete(id);
    objects.set(key, { bytes: Buffer.concat(bytes as Buffer[]), sha256 });
    return response.end('<CompleteMultipartUploadResult></CompleteMultipartUploadResult>');
  }

  /** One at a time, so that a client has to ask for more. */
  function listParts(response: ServerResponse, { parts }: Upload, after: number): ServerResponse {
    const numbers = [...parts.keys()].sort((a, b) => a - b).filter((number) => number > after);
    const part = numbers
      .slice(0, 1)
      .map((n) => `<Part><PartNumber>${n}</PartNumber><ETag>${quoted(etag(parts.get(n)!))}</ETag></Part>`);
    const more = `<IsTruncated>${numbers.length > 1}</IsTruncated>`;
    return response.end(
      `<R>${more}<NextPartNumberMarker>${numbers[0] ?? after}</NextPartNumberMarker>${part.join('')}</R>`,
    );
  }

  function listUploads(response: ServerResponse, prefix: string): ServerResponse {
    const found = [...uploads].filter(([, { key }]) => key.startsWith(prefix));
    return response.end(
      `<R>${found.map(([id, { key }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`).join('')}</R>`,
    );
  }

  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function read(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  object?: FakeObject,
): ServerResponse {
  if (!object) return refuse(response, 404, 'NoSuchKey');
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
  const bytes = first === undefined ? object.bytes : object.bytes.subarray(Number(first), Number(last) + 1);
  response.writeHead(first === undefined ? 200 : 206, {
    'content-length': bytes.length,
    ...(object.sha256 === undefined ? {} : { 'x-amz-meta-sha256': object.sha256 }),
  });
  return response.end(method === 'HEAD' ? undefined : bytes);
}

function refuse(response: ServerResponse, status: number, code: string): ServerResponse {
  return response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`);
}

const etag = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`;
const quoted = (text: string) => text.replaceAll('"', '&quot;');

/** Source: AWS General Reference, Signature Version 4; written from it, not from the client's library. */
function whyRefused(
  { method, url, headers }: IncomingMessage,
  body: Buffer,
  { accessKeyId, secretAccessKey }: FakeS3Options,
): string | undefined {
  const [, credential, names, signature] =
    /^AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=(\S+)$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  if (credential === undefined) return 'AccessDenied';
  const [id, date, region, service] = credential.split('/') as [string, string, string, string];
  if (id !== accessKeyId) return 'InvalidAccessKeyId';
  const hash = headers['x-amz-content-sha256'] as string;
  if (hash !== createHash('sha256').update(body).digest('hex')) return 'XAmzContentSHA256Mismatch';

  const [path, search = ''] = url!.split('?') as [string, string?];
  const query = search.split('&').sort().join('&');
  const signed = names!.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [method, path, query, signed.join(''), names, hash].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const text = [
    'AWS4-HMAC-SHA256',
    headers['x-amz-date'],
    scope,
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n');
  const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const key = [region, service, 'aws4_request'].reduce<Buffer>(hmac, hmac(`AWS4${secretAccessKey}`, date));
  return hmac(key, text).toString('hex') === signature ? undefined : 'SignatureDoesNotMatch';
}
