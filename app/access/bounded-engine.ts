import type { CompletionRequest, Engine, Prompt } from '../../engine/engine.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Bounds } from '../request-settings.ts';

export interface BoundedOptions {
  readonly bounds: Bounds;
  /** The field that holds the prompt on this route, and the one that bounds the reply. */
  readonly promptField: string;
}

/** An engine that takes no more than the operator allows, in one request. Throws InvalidRequestError. */
export function boundedEngine(engine: Engine, { bounds, promptField }: BoundedOptions): Engine {
  const replyField = promptField === 'input' ? 'max_output_tokens' : 'max_tokens';

  /** At most the bound, and no more than fits: who says nothing gets a shorter reply, not an error. */
  async function replyOf(
    { model, prompt, maxTokens }: CompletionRequest,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { replyTokens } = bounds;
    if (replyTokens === undefined) return maxTokens;
    if (maxTokens !== undefined && maxTokens > replyTokens)
      throw beyond(replyField, maxTokens, 'tokens', replyTokens);
    if (maxTokens !== undefined) return maxTokens;
    const [tokens] = await engine.countTokens({ model, inputs: [prompt] }, signal);
    const room = (engine.models().find(({ id }) => id === model)?.contextLength ?? 0) - tokens!;
    return room > 0 ? Math.min(replyTokens, room) : undefined; // the engine says that it does not fit
  }

  return {
    ...engine,
    async start(request, signal) {
      checkPrompt(request.prompt, bounds, promptField);
      return engine.start({ ...request, maxTokens: await replyOf(request, signal) }, signal);
    },
    async embed(request, signal) {
      for (const prompt of request.inputs) checkPrompt(prompt, bounds, promptField);
      return engine.embed(request, signal);
    },
  };
}

function checkPrompt(prompt: Prompt, { messages, textLength }: Bounds, field: string): void {
  if (prompt.type === 'text' && prompt.text.length > textLength)
    throw beyond(field, prompt.text.length, 'characters', textLength);
  if (prompt.type !== 'chat') return;
  if (prompt.messages.length > messages) throw beyond(field, prompt.messages.length, 'messages', messages);
  for (const [i, { content }] of prompt.messages.entries())
    if (content.length > textLength) {
      const at = field === 'messages' ? `messages[${i}].content` : field;
      throw beyond(at, content.length, 'characters', textLength);
    }
}

const beyond = (field: string, count: number, units: string, most: number) =>
  new InvalidRequestError(
    'invalid_value',
    field,
    `${field}: ${count} ${units}, and this server takes ${most} at most`,
  );
