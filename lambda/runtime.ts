/** What the Node runtime of Lambda hands to a function behind a Function URL whose responses are streamed. */
import * as z from 'zod';

/** A request, payload format 2.0. Source: AWS, "Invoking Lambda function URLs". */
export const FunctionUrlEvent = z.object({
  version: z.literal('2.0'),
  rawPath: z.string().startsWith('/'),
  rawQueryString: z.string().default(''),
  /** In place of a `cookie` header. */
  cookies: z.array(z.string()).default([]),
  headers: z.record(z.string(), z.string()),
  requestContext: z.object({
    domainName: z.string().min(1),
    http: z.object({ method: z.string().min(1), sourceIp: z.string().optional() }),
  }),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().default(false),
});

export type FunctionUrlEvent = z.infer<typeof FunctionUrlEvent>;

export interface LambdaContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** Looks like a `Writable`, and is none: only what is used here is sure to be there. */
export interface ResponseStream {
  /** False: full. `drain` says when it no longer is. */
  write(chunk: Uint8Array | string): boolean;
  end(): void;
  destroy(error?: Error): void;
  once(event: 'drain' | 'close' | 'error', listener: () => void): unknown;
  off(event: 'drain' | 'close' | 'error', listener: () => void): unknown;
  readonly destroyed: boolean;
  readonly writableFinished: boolean;
}

/** What comes before the body. */
export interface ResponsePrelude {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
}

export type StreamingHandler = (
  event: unknown,
  stream: ResponseStream,
  context: LambdaContext,
) => Promise<void>;

declare global {
  const awslambda: {
    streamifyResponse(handler: StreamingHandler): StreamingHandler;
    /** The prelude goes out with the first write. */
    readonly HttpResponseStream: {
      from(stream: ResponseStream, prelude: ResponsePrelude): ResponseStream;
    };
  };
}
