import type { IncomingMessage, Server } from 'node:http';
import { finished } from 'node:stream/promises';
import { type Http2Bindings, type HttpBindings, serve } from '@hono/node-server';
import type * as z from 'zod';
import { withOriginSecret } from '../app/gateway/origin-secret.ts';
import type { LifecycleControl } from '../app/lifecycle.ts';
import { clientOf } from './client-of.ts';
import { drainOnSignals } from './drain.ts';
import { type Fetch, inTime } from './in-time.ts';
import type { webFunctionFields } from './web-function.ts';

export interface ListenSettings extends z.infer<z.ZodObject<typeof webFunctionFields>> {
  readonly HOST: string;
  readonly PORT: number;
  readonly CRIA_PROXIES: number;
  readonly CRIA_DRAIN: number; // seconds
}

export interface ListenParts {
  readonly fetch: Fetch;
  readonly lifecycle: LifecycleControl;
  readonly log: (event: Record<string, string | number>) => void;
  /** What else is told when it listens. */
  readonly told?: Readonly<Record<string, string>>;
  /** What else begins nothing more when it has to end. */
  readonly onDrain: () => void;
  /** Before it is gone. */
  readonly onEnd: () => Promise<void>;
}

/** An app on the port that the settings name, until the process is told to end. In a Lambda Web Function, as Lambda wants it. */
export function listen(
  env: ListenSettings,
  { fetch, lifecycle, log, told, onDrain, onEnd }: ListenParts,
): void {
  const endpoint = env.AWS_LAMBDA_HTTP_ENDPOINT;
  const seconds = env.CRIA_REQUEST_TIMEOUT;
  const timed = seconds === undefined ? fetch : inTime(fetch, seconds * 1000, Date.now);
  const secrets = env.CRIA_ORIGIN_SECRET;
  const known = withOriginSecret(timed, { secrets, newId: () => crypto.randomUUID() });
  const answer = endpoint ? afterReading(known) : known;
  const proxies = env.CRIA_PROXIES + (endpoint ? 1 : 0); // Lambda adds who has asked it, and asks from inside
  const server = serve(
    {
      fetch: (request: Request, bindings: HttpBindings | Http2Bindings) =>
        answer(request, clientOf(request, bindings, proxies)),
      ...(endpoint ?? { hostname: env.HOST, port: env.PORT }),
    },
    ({ address, port }) => log({ event: 'listening', url: `http://${address}:${port}`, ...told }),
  );
  drainOnSignals({
    server: server as Server,
    lifecycle,
    graceMs: endpoint ? 0 : env.CRIA_DRAIN * 1000, // Lambda has waited already, and leaves a second
    log,
    onDrain,
    onEnd,
  });
}

/**
 * Lambda reads an answer when it has sent all of the request, and waits for ever when nobody takes it: what a refusal has
 * not read is read before it goes out, and thrown away.
 *
 * Source   aws/agent-toolkit-for-aws, aws-lambda-web-functions, "The request path is half-duplex"
 */
const afterReading =
  (fetch: Fetch): Fetch =>
  async (request, bindings, ...rest) => {
    const response = await fetch(request, bindings, ...rest);
    const { incoming } = bindings as { readonly incoming: IncomingMessage };
    if (incoming.complete) return response;
    incoming.removeAllListeners('data'); // of a reader who has stopped, and would hold all of it
    await finished(incoming.resume()).catch(() => {}); // the client may leave meanwhile
    return response;
  };
