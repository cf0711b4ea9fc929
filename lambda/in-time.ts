import { describeError } from '../app/errors.ts';
import type { Gateway } from '../app/gateway/gateway.ts';
import { promptFieldOf } from '../app/run.ts';
import { withDeadline } from './deadline.ts';

/** What is left of a request's time to say that it is over. */
export const MARGIN_MS = 2_000;

/** An app's, as doors ask it. */
export type Fetch = Gateway['app']['fetch'];

/** The app where the platform cuts a request off after so long: every answer ends before. */
export const inTime =
  (fetch: Fetch, timeoutMs: number, nowMs: () => number): Fetch =>
  (request, bindings, ...rest) => {
    const ms = timeoutMs - MARGIN_MS;
    const deadlineMs = nowMs() + ms;
    const { pathname } = new URL(request.url);
    return withDeadline(
      async (signal) =>
        fetch(new Request(request, { signal }), { ...(bindings as object), deadlineMs }, ...rest),
      {
        signal: request.signal,
        ms,
        describe: (error, requestId) =>
          describeError(error, { requestId, promptField: promptFieldOf(pathname) }),
      },
    );
  };
