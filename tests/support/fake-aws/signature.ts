/** AWS Signature Version 4: who asks which service, and whether the bytes are the ones that were signed. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyRing } from './credentials.ts';
import { AwsError } from './errors.ts';
import type { AwsRequest } from './protocol.ts';

interface Signed {
  readonly keyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly headerNames: readonly string[];
  readonly signature: string;
  readonly time: string;
  readonly payload: string;
}

const CREDENTIAL = /^([^/]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request$/;

/**
 * The service that is asked.
 *
 * Throws   AwsError when the request is not signed, by nobody's key, or not as it came
 * Source   docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function serviceAsked(request: AwsRequest, keys: KeyRing): string {
  const signed = request.query.has('X-Amz-Signature') ? fromQuery(request) : fromHeader(request);
  const expected = signatureOf(request, signed, keys.secretOf(signed.keyId));
  const [a, b] = [Buffer.from(expected), Buffer.from(signed.signature)];
  if (a.length !== b.length || !timingSafeEqual(a, b))
    throw new AwsError('SignatureDoesNotMatch', 'The request signature we calculated does not match.', 403);
  if (/^[0-9a-f]{64}$/.test(signed.payload) && signed.payload !== sha256(request.body))
    throw new AwsError('XAmzContentSHA256Mismatch', 'The bytes are not those that were signed.', 400);
  return signed.service;
}

function fromHeader({ headers, body }: AwsRequest): Signed {
  const fields = Object.fromEntries(
    (headers.authorization ?? '')
      .replace(/^AWS4-HMAC-SHA256\s+/, '')
      .split(/,\s*/)
      .map((field) => field.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  return parts(fields.Credential, fields.SignedHeaders, fields.Signature, {
    time: headers['x-amz-date'] ?? '',
    payload: headers['x-amz-content-sha256'] ?? sha256(body),
  });
}

function fromQuery({ query }: AwsRequest): Signed {
  const of = (name: string) => query.get(`X-Amz-${name}`) ?? undefined;
  return parts(of('Credential'), of('SignedHeaders'), of('Signature'), {
    time: of('Date') ?? '',
    payload: 'UNSIGNED-PAYLOAD',
  });
}

function parts(
  credential: string | undefined,
  headerNames: string | undefined,
  signature: string | undefined,
  rest: Pick<Signed, 'time' | 'payload'>,
): Signed {
  const [, keyId, date, region, service] = CREDENTIAL.exec(credential ?? '') ?? [];
  if (keyId === undefined || headerNames === undefined || signature === undefined)
    throw new AwsError('MissingAuthenticationToken', 'The request is not signed.', 403);
  const names = headerNames.split(';');
  return { keyId, date: date!, region: region!, service: service!, headerNames: names, signature, ...rest };
}

function signatureOf(
  { method, path, query, headers }: AwsRequest,
  { date, region, service, headerNames, time, payload }: Signed,
  secret: string,
): string {
  const canonical = [
    method,
    service === 's3' ? path : path.split('/').map(encode).join('/'),
    [...query]
      .filter(([name]) => name !== 'X-Amz-Signature')
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...headerNames.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/\s+/g, ' ')}`),
    '',
    headerNames.join(';'),
    payload,
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(hmac, `AWS4${secret}`);
  return hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex');
}

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
