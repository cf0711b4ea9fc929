import type { Context } from 'hono';
import type { CompletionRequest, Part, Prompt } from '../../engine/engine.ts';
import { UnknownModelError } from '../../engine/errors.ts';
import { follow } from '../follow.ts';
import { type AppEnv, promptFieldOf, type Run, type RunDeps, replyTo, startRun } from '../run.ts';
import type { ErrorBody } from '../schemas/error.ts';
import type { TaskUsage } from '../schemas/tasks.ts';

type Messages = Extract<Prompt, { type: 'chat' }>['messages'];

/** What one task asks of the model, on behalf of one client. Each time goes the way of a chat: judged, counted, logged. */
export interface TaskRun {
  readonly model: string;
  /** Tokens of prompt and reply together. */
  readonly contextLength: number;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
  /** Of all replies so far that came to their end. */
  readonly usage: TaskUsage;
  /** Resolves once the model has taken it on. Throws what `Engine.start` throws. */
  ask(request: Omit<CompletionRequest, 'model'>): Promise<AsyncIterable<Part>>;
  /** Tokens of each text. */
  count(texts: readonly string[]): Promise<readonly number[]>;
  /** Tokens of a conversation, all that stands around the messages included. */
  measure(messages: Messages): Promise<number>;
  readonly onCancel: () => void;
  readonly describe: (error: unknown) => ErrorBody;
}

/** Throws UnknownModelError. */
export function startTask(c: Context<AppEnv>, deps: RunDeps, model: string): TaskRun {
  const engine = deps.engineFor(c);
  const models = engine.models();
  const info = models.find(({ id }) => id === model);
  if (!info)
    throw new UnknownModelError(
      model,
      models.map(({ id }) => id),
    );
  const client = new AbortController();
  const { signal } = client;
  follow(c.req.raw.signal, client);
  const { requestId } = c.var;
  let current: Run | undefined;
  const usage = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };

  async function* counted(parts: AsyncIterable<Part>): AsyncGenerator<Part> {
    for await (const part of parts) {
      if (part.type === 'done') {
        usage.input_tokens += part.usage.promptTokens;
        usage.output_tokens += part.usage.completionTokens;
        usage.total_tokens = usage.input_tokens + usage.output_tokens;
      }
      yield part;
    }
  }

  return {
    model,
    contextLength: info.contextLength,
    signal,
    get usage() {
      return { ...usage };
    },
    async ask(request) {
      signal.throwIfAborted();
      current = await startRun(c, deps, [{ ...request, model }]);
      return counted(current.choices[0]!);
    },
    count: (texts) =>
      engine.countTokens({ model, inputs: texts.map((text) => ({ type: 'text', text })) }, signal),
    async measure(messages) {
      const inputs = [{ type: 'chat', messages } as const];
      return (await engine.countTokens({ model, inputs }, signal))[0]!;
    },
    onCancel() {
      client.abort();
      current?.onCancel();
    },
    describe: (error) => replyTo(error, deps, { requestId, promptField: promptFieldOf(c.req.path) }).body,
  };
}
