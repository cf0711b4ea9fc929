/**
 * The global that Lambda's Node runtime gives to functions, and the stream it hands them, as its source has them.
 *
 * Source   aws/aws-lambda-nodejs-runtime-interface-client, src/stream
 */
import type { Writable } from 'node:stream';
import type { ResponsePrelude, ResponseStream, StreamingHandler } from '../../lambda/runtime.ts';

export const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
export const DELIMITER = new Uint8Array(8);

type BeforeFirstWrite = (write: (chunk: Uint8Array | string) => void) => void;

interface RuntimeStream extends ResponseStream {
  setContentType(type: string): void;
  beforeFirstWrite?: BeforeFirstWrite;
}

/** A writable as a function gets it: bound methods and a few properties, no `Writable`. */
export function toResponseStream(inner: Writable, setContentType: (type: string) => void): RuntimeStream {
  let isWritten = false;
  const stream: RuntimeStream = {
    write(chunk) {
      if (!isWritten) stream.beforeFirstWrite?.((first) => void inner.write(first));
      isWritten = true;
      return inner.write(chunk);
    },
    end: () => void inner.end(),
    destroy: (error) => void inner.destroy(error),
    once: (event, listener) => inner.once(event, listener),
    off: (event, listener) => inner.off(event, listener),
    get destroyed() {
      return inner.destroyed;
    },
    get writableFinished() {
      return inner.writableFinished;
    },
    setContentType(type) {
      if (isWritten) throw new Error('Cannot set content-type, too late.');
      setContentType(type);
    },
  };
  return stream;
}

export function installAwslambda(): void {
  Object.assign(globalThis, {
    awslambda: {
      streamifyResponse: (handler: StreamingHandler) => handler,
      HttpResponseStream: {
        from(stream: RuntimeStream, prelude: ResponsePrelude) {
          stream.setContentType(PRELUDE_TYPE);
          stream.beforeFirstWrite = (write) => {
            write(JSON.stringify(prelude));
            write(DELIMITER);
          };
          return stream;
        },
      },
    },
  });
}
