import type { Context } from 'hono';
import type { RequestIdVariables } from 'hono/request-id';
import type { CompletionRequest, Part, Usage } from '../engine/engine.ts';
import type { Deps } from './deps.ts';
import { describeError, type ErrorContext, type ErrorReply } from './errors.ts';
import type { CompletionTimes, Metrics } from './metrics.ts';

/** What the app's own middleware puts on a request's context. */
export interface AppEnv {
  Variables: RequestIdVariables;
}

/** What a route of completions works with. */
export interface RunDeps extends Deps {
  readonly metrics: Metrics;
  readonly maxBodyBytes: number;
}

/** A completion on its way to one client: timed, logged once however it ends, and stoppable. */
export interface Run {
  readonly model: string;
  readonly parts: AsyncIterable<Part>;
  readonly onCancel: () => void;
  readonly describe: (error: unknown) => unknown;
}

/**
 * Asks the engine, on behalf of the client behind `c`.
 *
 * Throws   what `Engine.start` throws
 */
export async function startRun(c: Context<AppEnv>, deps: RunDeps, request: CompletionRequest): Promise<Run> {
  const startedAt = deps.now();
  const client = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, client.signal]);
  const completion = await deps.engine.start(request, signal);

  let firstTextMs: number | undefined;
  let usage: Usage | undefined; // known only when the completion comes to its end
  let ended = false;

  function end(outcome: CompletionTimes['outcome']): void {
    if (ended) return;
    ended = true;

    const totalMs = deps.now() - startedAt;
    const completionTokens = usage?.completionTokens;
    deps.metrics.observeCompletion({
      model: completion.model,
      outcome,
      firstTextMs,
      totalMs,
      completionTokens: completionTokens ?? 0,
    });
    deps.log({
      event: 'completion',
      requestId: c.var.requestId,
      model: completion.model,
      outcome,
      promptTokens: completion.promptTokens,
      ...(completionTokens === undefined ? {} : { completionTokens }),
      ...(firstTextMs === undefined ? {} : { firstTextMs }),
      totalMs,
    });
  }

  async function* parts(): AsyncGenerator<Part> {
    let outcome: CompletionTimes['outcome'] = 'aborted'; // what a reader who leaves makes it
    try {
      for await (const part of completion.parts) {
        if (part.type === 'text') firstTextMs ??= deps.now() - startedAt;
        else {
          usage = part.usage;
          outcome = part.reason;
        }
        yield part;
      }
    } catch (error) {
      outcome = signal.aborted ? 'aborted' : 'error';
      throw error;
    } finally {
      end(outcome);
    }
  }

  return {
    model: completion.model,
    parts: parts(),
    onCancel() {
      client.abort();
      end('aborted');
    },
    describe: (error) =>
      replyTo(error, deps, { requestId: c.var.requestId, promptField: promptField(request) }).body,
  };
}

const promptField = ({ prompt }: CompletionRequest) => (prompt.type === 'chat' ? 'messages' : 'prompt');

/** What to tell the client. What it is not told goes to the log. */
export function replyTo(error: unknown, { log }: Pick<Deps, 'log'>, context: ErrorContext): ErrorReply {
  const reply = describeError(error, context);
  if (reply.status >= 500) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    log({ event: 'error', requestId: context.requestId, name, message, stack: stack ?? '' });
  }
  return reply;
}
