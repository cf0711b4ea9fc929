import { AwsV4Signer } from 'aws4fetch';
import type { Credentials } from '../models/cli/stores/credentials.ts';

export interface AwsOptions {
  readonly region: string;
  /** In place of AWS's own address. */
  readonly endpoint?: string | undefined;
  readonly credentials: () => Promise<Credentials>;
  readonly fetch: typeof fetch;
}

export interface AwsCall {
  /** As signatures and addresses name it. */
  readonly service: string;
  /** `<version>.<action>` */
  readonly target: string;
  readonly body: object;
}

const TIMEOUT_MS = 5_000;
const QUOTED = 300;

/**
 * Asks a service of AWS that speaks its JSON protocol 1.1.
 *
 * Throws   Error, with the service's own words
 * Source   Smithy, "AWS JSON 1.1 protocol"
 */
export async function callAws(
  { service, target, body }: AwsCall,
  { region, endpoint, credentials, fetch }: AwsOptions,
): Promise<unknown> {
  const signer = new AwsV4Signer({
    method: 'POST',
    url: endpoint ?? `https://${service}.${region}.amazonaws.com/`,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    body: JSON.stringify(body),
    service,
    region,
    ...(await credentials()),
  });
  const { url, method, headers, body: sent } = await signer.sign();
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { method, headers, body: sent ?? null, signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`${target}: HTTP ${response.status} ${text.slice(0, QUOTED)}`);
  return JSON.parse(text) as unknown;
}
