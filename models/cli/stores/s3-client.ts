/** Signed requests to one bucket, tried again where that may help. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsClient } from 'aws4fetch';
import { reasonOf } from '../hub-http.ts';
import type { Credentials } from './credentials.ts';
import { StoreError } from './store.ts';

export interface S3Options {
  readonly name: string; // for messages
  readonly endpoint: string;
  readonly region: string; // auto, for R2
  readonly bucket: string;
  readonly credentials: Credentials;
  /** The first pause before one more try; it doubles. */
  readonly pauseMs: number;
}

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Answers other than 2xx that the caller knows what to do with. */
  readonly also?: readonly number[];
  /** Of the answer; 4 MiB when absent. */
  readonly maxBytes?: number;
}

/** An answer that has been read: nothing is kept of it but this. */
export interface S3Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

export type S3Client = (request: S3Request, signal: AbortSignal) => Promise<S3Answer>;

const TRIES = 5;
const TRY_MS = 600_000; // a part of 16 MiB at a quarter of a megabit a second
const MAX_ANSWER_BYTES = 4 << 20; // a list of 1000 parts takes a tenth of it
const NOBODY = new Uint8Array();

/** The bucket is a part of the path: every store knows that, and a name with dots in it does no harm to TLS. */
export function createS3Client({
  name,
  endpoint,
  region,
  bucket,
  credentials,
  pauseMs,
}: S3Options): S3Client {
  const aws = new AwsClient({ ...credentials, service: 's3', region });

  async function once(
    { method, key, query = {}, headers = {}, body = NOBODY, maxBytes = MAX_ANSWER_BYTES }: S3Request,
    signal: AbortSignal,
  ): Promise<S3Answer> {
    const url = `${endpoint}/${bucket}${key === '' ? '' : `/${key}`}`;
    const request = await aws.sign(`${url}?${new URLSearchParams(query)}`, {
      method,
      // The store compares this with what it has got: a damaged body is refused, wherever it was damaged.
      headers: { ...headers, 'x-amz-content-sha256': createHash('sha256').update(body).digest('hex') },
      ...(method === 'PUT' || method === 'POST' ? { body: body as Uint8Array<ArrayBuffer> } : {}),
    });
    const response = await fetch(request, {
      redirect: 'manual', // a signature is for one host
      signal: AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)]),
    });
    return { status: response.status, headers: response.headers, body: await bounded(response, maxBytes) };
  }

  return async (request, signal) => {
    let problem = '';
    for (let tries = 0; tries < TRIES; tries++) {
      if (tries > 0) await sleep(pauseMs * 2 ** (tries - 1), undefined, { signal });
      try {
        const answer = await once(request, signal);
        const { status } = answer;
        if ((status >= 200 && status < 300) || request.also?.includes(status)) return answer;
        problem = refusal(answer);
        if (status < 500 && status !== 429) break;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (error instanceof StoreError) throw error;
        problem = reasonOf(error);
      }
    }
    throw new StoreError(`${name}: ${request.method} ${request.key || 'the bucket'}: ${problem}`);
  };
}

async function bounded({ body }: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > maxBytes)
      throw new StoreError(`the store sends more than the ${maxBytes} bytes that may come`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What the store says, and what to do about it where that is known. */
function refusal({ status, headers, body }: S3Answer): string {
  const code = tag(new TextDecoder().decode(body.subarray(0, 4096)), 'Code');
  const region = headers.get('x-amz-bucket-region');
  const said = `HTTP ${status}${code === undefined ? '' : ` ${code}`}`;
  if (status >= 300 && status < 400)
    return `${said}: the bucket is ${region ? `in ${region}: set AWS_REGION to that` : 'elsewhere: set AWS_REGION'}`;
  if (status === 403) return `${said}: these credentials may not do that`;
  return said;
}

/** The text of the first element of that name. */
export function tag(xml: string, name: string): string | undefined {
  const [, text] = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml) ?? [];
  return text?.replaceAll('&quot;', '"').replaceAll('&#34;', '"').replaceAll('&amp;', '&');
}
