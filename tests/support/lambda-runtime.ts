/**
 * Lambda's Node runtime: loads the function, takes invocations from the Runtime API and sends back what the handler
 * writes. Takes the next one before the last has ended, as on Managed Instances. A process of its own.
 *
 * Source   AWS, "Using the Lambda runtime API"
 */
import { request } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { StreamingHandler } from '../../lambda/runtime.ts';
import { installAwslambda, toResponseStream } from './awslambda.ts';

const { AWS_LAMBDA_RUNTIME_API: address, LAMBDA_TASK_ROOT: root } = process.env;
const api = `http://${address}/2018-06-01/runtime/invocation`;

installAwslambda();
const { handler } = (await import(pathToFileURL(join(root!, 'index.mjs')).href)) as {
  readonly handler: StreamingHandler;
};
for (;;) {
  const next = await fetch(`${api}/next`);
  const event = await next.json();
  const [id, deadlineMs] = ['aws-request-id', 'deadline-ms'].map((name) =>
    next.headers.get(`lambda-runtime-${name}`),
  );
  void invoke(event, id!, Number(deadlineMs));
}

async function invoke(event: unknown, id: string, deadlineMs: number): Promise<void> {
  const response = request(`${api}/${id}/response`, {
    method: 'POST',
    agent: false,
    headers: { 'lambda-runtime-function-response-mode': 'streaming', 'transfer-encoding': 'chunked' },
  });
  response.on('error', () => {}); // the client has left
  void fetch(`${api}/${id}/left`).then((left) => left.status === 200 && response.destroy());
  const stream = toResponseStream(response, (type) => response.setHeader('content-type', type));
  try {
    const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadlineMs - Date.now() };
    await handler(event, stream, context);
  } catch (error) {
    console.error(error);
    response.destroy();
    await fetch(`${api}/${id}/error`, { method: 'POST' });
  }
}
