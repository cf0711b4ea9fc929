import { ContextLengthError } from '../../engine/errors.ts';
import { TextTooLongError } from '../errors.ts';
import { DEFAULT_SAMPLING } from '../schemas/sampling.ts';
import type { Rewrite, RewriteRequest } from '../schemas/tasks.ts';
import { cutParagraphs, type Piece } from './cut-text.ts';
import { rewriteSystem } from './prompts.ts';
import { type Ending, saidText } from './said-text.ts';
import { progress, type TaskSaid, type TaskWork } from './task-events.ts';
import type { TaskRun } from './task-run.ts';

const MAX_PIECES = 256;
const MIN_PIECE = 48; // tokens
const LEAST_REPLY = 64; // of a word, too: its language may be a longer one
/** Greedy: a text that is corrected is mostly said again, and drafts from the prompt then foretell it. */
const SAMPLING = { ...DEFAULT_SAMPLING, temperature: 0 };

/**
 * Rewrites a text paragraph by paragraph, so that its paragraphs stay apart however the model treats them. What has no
 * letters, such as a rule or a row of figures, stays as it is.
 *
 * Throws   TextTooLongError · ContextLengthError · ContentFilterError · what `Engine.start` throws
 */
export async function* rewrite(run: TaskRun, request: RewriteRequest, created: Rewrite): TaskWork {
  const system = rewriteSystem(request);
  const growth = request.length === 'longer' || request.translate_to != null ? 3 : 2;
  const around = await run.measure(messagesOf(system, ''));
  const most = Math.floor(((run.contextLength - around) * 0.95 - LEAST_REPLY) / (1 + growth));
  if (most < MIN_PIECE) throw new ContextLengthError(around + MIN_PIECE, LEAST_REPLY, run.contextLength);

  const pieces = await cutParagraphs(request.text, most, run.count);
  const total = pieces.filter(hasWords).length;
  if (total > MAX_PIECES) throw new TextTooLongError('paragraphs, or pieces of them', total, MAX_PIECES);

  let text = '';
  let status: Ending = 'completed';
  let done = 0;
  const say = (delta: string): TaskSaid => {
    text += delta;
    return { type: 'task.delta', delta };
  };
  for (const piece of pieces) {
    if (!hasWords(piece)) {
      yield say(piece.text);
      continue;
    }
    const { before, inside, after } = joints(piece.text);
    const asked = await run.ask({
      prompt: { type: 'chat', messages: messagesOf(system, inside) },
      maxTokens: LEAST_REPLY + growth * piece.tokens,
      stop: [],
      sampling: SAMPLING,
    });
    if (done === 0) yield progress('read', total, total);
    yield progress('write', done++, total);

    if (before !== '') yield say(before);
    const reply = saidText(asked);
    let isEmpty = true;
    for (let next = await reply.next(); ; next = await reply.next()) {
      if (next.done) {
        if (next.value === 'incomplete' || isEmpty) status = 'incomplete';
        break;
      }
      isEmpty = false;
      yield say(next.value);
    }
    if (isEmpty) yield say(inside); // better as it was than lost
    if (after !== '') yield say(after);
  }
  yield progress('write', total, total);
  return { ...created, status, text, usage: run.usage };
}

const hasWords = ({ text }: Piece) => /\p{L}/u.test(text);

/** White space around a piece, which the model does not see. */
function joints(text: string) {
  const inside = text.trim();
  const start = text.indexOf(inside);
  return { before: text.slice(0, start), inside, after: text.slice(start + inside.length) };
}

const messagesOf = (system: string, text: string) =>
  [
    { role: 'system', content: system },
    { role: 'user', content: text },
  ] as const;
