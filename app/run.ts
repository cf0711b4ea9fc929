import type { Context } from 'hono';
import type { RequestIdVariables } from 'hono/request-id';
import type { Completion, CompletionRequest, Engine, Part } from '../engine/engine.ts';
import type { Caller } from './access/access.ts';
import type { Reserve } from './access/meter.ts';
import type { Deps } from './deps.ts';
import { describeError, type ErrorContext, type ErrorReply } from './errors.ts';
import { follow } from './follow.ts';
import type { Metrics } from './metrics.ts';
import type { ErrorBody } from './schemas/error.ts';
import { bindSignal, type RequestTrace } from './tracing.ts';
import { trackCompletion } from './track-completion.ts';

/** What the app's own middleware puts on a request's context. */
export interface AppEnv {
  Variables: RequestIdVariables & {
    readonly access: Caller;
    /** Takes tokens, where the caller's are limited. */
    readonly reserve?: Reserve;
    readonly trace: RequestTrace;
  };
  /** Only what calls the app in its own process can set these. */
  Bindings: {
    readonly priority?: 'low';
    /** The client's, as the door knows it. */
    readonly address?: string | undefined;
    /** When the platform cuts the request off. Unix milliseconds. */
    readonly deadlineMs?: number;
    /** The id of the key whose holder has left the request to be made. */
    readonly caller?: string | undefined;
    /** Where the platform has to be told of work that goes on after the reply, or after its client has left. */
    readonly waitUntil?: (work: Promise<unknown>) => void;
  };
}

/** What a route works with. The engine is that of the request, which does only what its caller may. */
export interface RunDeps extends Omit<Deps, 'engine'> {
  readonly engineFor: (c: Context<AppEnv>) => Engine;
  readonly metrics: Metrics;
  readonly maxBodyBytes: number;
  /** What takes longer gets a line of its own in the log; 0: nothing does. */
  readonly slowMs: number;
}

/** Completions on their way to one client: each timed, logged once however it ends, and all stopped together. */
export interface Run {
  readonly model: string;
  /** The parts of each, in the order of the requests. When one fails or is left, the others are aborted. */
  readonly choices: readonly AsyncIterable<Part>[];
  readonly onCancel: () => void;
  readonly describe: (error: unknown) => ErrorBody;
}

/**
 * Asks the engine, on behalf of the client behind `c`. All requests are for one model; when one is refused, none runs.
 *
 * Throws   what `Engine.start` throws
 */
export async function startRun(
  c: Context<AppEnv>,
  deps: RunDeps,
  requests: readonly CompletionRequest[],
): Promise<Run> {
  const startedAt = deps.now();
  const client = new AbortController();
  const signal = client.signal;
  follow(c.req.raw.signal, client);
  const leave = deps.lifecycle?.enter(client);
  const { requestId, trace } = c.var;
  bindSignal(signal, trace.context);
  const engine = deps.engineFor(c);

  const completions: Completion[] = [];
  try {
    for (const request of requests)
      completions.push(await engine.start({ ...request, ...priorityOf(c) }, signal));
  } catch (error) {
    client.abort();
    leave?.();
    throw error;
  }
  const release = trace.hold();
  let open = completions.length;
  const onEnd = () => {
    if (--open > 0) return;
    leave?.();
    release();
  };
  const tracked = completions.map((completion, i) =>
    trackCompletion(completion, {
      ...{ deps, requestId, trace, startedAt, signal, onEnd },
      request: requests[i]!,
      stop: (reason) => client.abort(reason),
    }),
  );

  return {
    model: completions[0]!.model,
    choices: tracked.map(({ parts }) => parts),
    onCancel() {
      client.abort();
      for (const { end } of tracked) end('aborted');
    },
    describe: (error) => replyTo(error, deps, { requestId, promptField: promptFieldOf(c.req.path) }).body,
  };
}

/** Of a request that the app makes of itself. */
export function priorityOf({ env }: Context<AppEnv>): { readonly priority?: 'low' } {
  return env?.priority === 'low' ? { priority: 'low' } : {};
}

/** The field that holds the prompt on a route. */
export function promptFieldOf(path: string): ErrorContext['promptField'] {
  if (path === '/v1/completions') return 'prompt';
  if (path === '/v1/tasks/summarize' || path === '/v1/tasks/rewrite') return 'text';
  return path === '/v1/chat/completions' || path === '/v1/tasks/assistant' ? 'messages' : 'input';
}

/** What to tell the client. What it is not told goes to the log. */
export function replyTo(error: unknown, { log }: Pick<Deps, 'log'>, context: ErrorContext): ErrorReply {
  const reply = describeError(error, context);
  if (reply.status >= 500) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    log({ event: 'error', requestId: context.requestId, name, message, stack: stack ?? '' });
  }
  return reply;
}
