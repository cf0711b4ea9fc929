/** Images in a bucket: clients send them, and backends read them, by addresses that are signed and expire. */
import { AwsV4Signer } from 'aws4fetch';
import type { Uploads } from '../app/gateway/uploads.ts';
import type { Credentials } from '../models/cli/stores/credentials.ts';

export interface S3UploadsOptions {
  readonly bucket: string;
  readonly region: string;
  /** In place of AWS's own address. */
  readonly endpoint?: string | undefined;
  readonly credentials: () => Promise<Credentials>;
  readonly nowMs: () => number;
  readonly maxBytes: number;
}

const PUT_SECONDS = 600;
/** A model that is started first reads it minutes later. */
const GET_SECONDS = 900;

export function createS3Uploads({
  bucket,
  region,
  endpoint,
  credentials,
  nowMs,
  maxBytes,
}: S3UploadsOptions): Uploads {
  const base = endpoint
    ? `${endpoint.replace(/\/+$/, '')}/${bucket}`
    : `https://${bucket}.s3.${region}.amazonaws.com`;

  /** A caller's own folder: with another's id there is nothing. */
  async function addressOf(caller: string, id: string): Promise<string> {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(caller));
    return `${base}/uploads/${Buffer.from(digest).toString('hex').slice(0, 32)}/${id}`;
  }

  return {
    maxBytes,
    async target(caller, id, { bytes, type }) {
      const headers = { 'content-type': type, 'content-length': String(bytes) };
      const url = await presignS3({
        method: 'PUT',
        url: await addressOf(caller, id),
        headers,
        seconds: PUT_SECONDS,
        atMs: nowMs(),
        region,
        credentials: await credentials(),
      });
      return { url, headers, expiresAtMs: nowMs() + PUT_SECONDS * 1000 };
    },
    async source(caller, id) {
      return presignS3({
        method: 'GET',
        url: await addressOf(caller, id),
        headers: {},
        seconds: GET_SECONDS,
        atMs: nowMs(),
        region,
        credentials: await credentials(),
      });
    },
  };
}

export interface PresignOptions {
  readonly method: 'PUT' | 'GET';
  readonly url: string;
  /** Signed: who uses the address has to send them as they are. */
  readonly headers: Readonly<Record<string, string>>;
  readonly seconds: number;
  readonly atMs: number; // Unix milliseconds
  readonly region: string;
  readonly credentials: Credentials;
}

/** Source: Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters" */
export async function presignS3({
  method,
  url,
  headers,
  seconds,
  atMs,
  region,
  credentials,
}: PresignOptions): Promise<string> {
  const address = new URL(url);
  address.searchParams.set('X-Amz-Expires', String(seconds));
  const signer = new AwsV4Signer({
    method,
    url: address.href,
    headers: { ...headers },
    service: 's3',
    region,
    datetime: new Date(atMs).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    signQuery: true,
    allHeaders: true, // else neither length nor type would bind
    ...credentials,
  });
  return (await signer.sign()).url.href;
}
