/** Signed requests, by a library that neither side knows. */
import { AwsClient } from 'aws4fetch';
import { REGION } from './cloudformation/pseudo-parameters.ts';
import type { Credentials } from './credentials.ts';

export interface AwsEndpoint {
  readonly url: string;
  readonly credentials: Credentials;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Asks in a form: STS, CloudFormation, IAM, Elastic Load Balancing. */
export function queryAws(
  endpoint: AwsEndpoint,
  service: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Answer> {
  return ask(endpoint, service, '/', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(parameters).toString(),
  });
}

/** Asks in JSON: SSM, ECR, ECS. `target` is the action with its service before it. */
export function jsonAws(
  endpoint: AwsEndpoint,
  service: string,
  target: string,
  input: object,
): Promise<Answer> {
  return ask(endpoint, service, '/', {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    body: JSON.stringify(input),
  });
}

/** Asks by path: S3, Lambda. */
export async function ask(
  { url, credentials }: AwsEndpoint,
  service: string,
  path: string,
  init: RequestInit = {},
): Promise<Answer> {
  const client = new AwsClient({ ...credentials, service, region: REGION, retries: 0 });
  const reply = await client.fetch(`${url}${path}`, init);
  return { status: reply.status, text: await reply.text() };
}
