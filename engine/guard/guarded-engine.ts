import type { Completion, CompletionRequest, Engine, Part, Prompt } from '../engine.ts';
import { InvalidPromptError, UnknownModelError } from '../errors.ts';
import type { Guard, GuardPolicy, JudgeRequest, Judging } from './guard.ts';
import { judgedParts } from './judged-parts.ts';

/** How requests are judged that do not say it themselves. */
export interface GuardedEngineOptions extends Judging {
  readonly guard: Guard;
}

type Messages = JudgeRequest['messages'];

/**
 * An engine whose conversations are judged. What is asked is judged before the model reads it; what is said is judged
 * while it is said, and leaves in pieces that were found safe. What is unsafe ends with the reason `content_filter`.
 * A guard that cannot judge, for whatever reason, lets nothing pass: its error is the request's.
 */
export function createGuardedEngine(engine: Engine, options: GuardedEngineOptions): Engine {
  const { guard } = options;
  const asked = new WeakMap<Prompt, Promise<boolean>>(); // the choices of one request have one prompt

  type IsUnsafe = (messages: Messages) => Promise<boolean>;
  const judgeBy =
    (policy: GuardPolicy, signal: AbortSignal): IsUnsafe =>
    async (messages) =>
      (await guard.judge({ messages, policy, scores: false }, signal)).flagged;

  function isAskedUnsafe(prompt: Prompt, messages: Messages, isUnsafe: IsUnsafe): Promise<boolean> {
    const known = asked.get(prompt);
    if (known) return known;
    const judged = isUnsafe(messages);
    asked.set(prompt, judged);
    return judged;
  }

  async function start(request: CompletionRequest, signal: AbortSignal): Promise<Completion> {
    const { model, prompt, judging = options } = request;
    const { path, policy, refusal } = judging;
    if (path === 'off') return engine.start(request, signal);
    const known = engine.models().map(({ id }) => id);
    if (!known.includes(model)) throw new UnknownModelError(model, known);
    const messages = toMessages(prompt);
    const isUnsafe = judgeBy(policy, signal);
    if (path !== 'output' && (await isAskedUnsafe(prompt, messages, isUnsafe)))
      return refused(model, refusal);

    const completion = await engine.start(request, signal);
    if (path === 'input') return completion;
    const isSaidUnsafe = (text: string) => isUnsafe([...messages, { role: 'assistant', content: text }]);
    const parts = judgedParts(completion.parts, isSaidUnsafe, completion.promptTokens);
    return { ...completion, parts };
  }

  return { ...engine, start };
}

/** Throws InvalidPromptError of token ids, which only the model can read. */
function toMessages(prompt: Prompt): Messages {
  switch (prompt.type) {
    case 'chat':
      return prompt.messages;
    case 'text':
      return [{ role: 'user', content: prompt.text }];
    case 'tokens':
      throw new InvalidPromptError(
        'a prompt of token ids cannot be judged, and this server judges all: send text',
      );
  }
}

const NOTHING = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };

function refused(model: string, refusal: string): Completion {
  async function* parts(): AsyncGenerator<Part, void> {
    yield { type: 'text', text: refusal };
    yield { type: 'done', reason: 'content_filter', usage: NOTHING };
  }
  return { model, promptTokens: 0, parts: parts() };
}
