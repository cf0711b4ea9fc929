import { ContextLengthError } from '../../engine/errors.ts';
import { TextTooLongError } from '../errors.ts';
import { DEFAULT_SAMPLING } from '../schemas/sampling.ts';
import type { Summary, SummaryRequest } from '../schemas/tasks.ts';
import { cutText, type Piece } from './cut-text.ts';
import { notesSystem, summarySystem } from './prompts.ts';
import { saidText, wholeText } from './said-text.ts';
import { shapeSummary } from './shape-summary.ts';
import { progress, type TaskSaid, type TaskWork } from './task-events.ts';
import type { TaskRun } from './task-run.ts';

/** Pieces of one text: what the model is asked for one task is bounded, whatever its context. */
const MAX_PIECES = 64;
/** Notes of notes. Each time there are a third as many at most, so 64 pieces take 4. */
const MAX_DEPTH = 5;
const MIN_PIECE = 48; // tokens; less is not worth a summary

/** Tokens a reply may have. */
const REPLY = {
  paragraph: { short: 128, medium: 320, long: 1024 },
  bullets: { short: 160, medium: 320, long: 768 },
  headline: { short: 48, medium: 48, long: 48 },
} as const;
const NOTES = 192;

/** Greedy, so that the same text has the same summary, and a little against saying a thing over and over. */
const SAMPLING = { ...DEFAULT_SAMPLING, temperature: 0, repetitionPenalty: 1.05 };

/** What is read at once, and may be said of it. */
interface Room {
  readonly system: string;
  readonly pieceTokens: number;
  readonly replyTokens: number;
}

/**
 * Summarizes a text of any length: what does not fit the context is read in pieces, one after the other, notes are made of
 * each, and the summary is made of the notes, or of notes of those.
 *
 * Throws   TextTooLongError · ContextLengthError · ContentFilterError · what `Engine.start` throws
 */
export async function* summarize(run: TaskRun, request: SummaryRequest, created: Summary): TaskWork {
  const { length, style, text } = request;
  const final = await roomFor(run, summarySystem(request), REPLY[style ?? 'paragraph'][length ?? 'medium']);
  const notes = await roomFor(run, notesSystem(request), NOTES);

  let pieces = await cutText(text.trim(), final.pieceTokens, run.count);
  if (pieces.length > 1) pieces = await cutText(text.trim(), notes.pieceTokens, run.count);
  const parts = pieces.length;
  if (parts > MAX_PIECES)
    throw new TextTooLongError(`pieces of up to ${notes.pieceTokens} tokens`, parts, MAX_PIECES);

  for (let depth = 0; total(pieces) > final.pieceTokens || (depth === 0 && parts > 1); depth++) {
    if (depth === MAX_DEPTH)
      throw new TextTooLongError('tokens when it is condensed', total(pieces), final.pieceTokens);
    pieces = yield* takeNotes(run, pieces, notes, depth === 0 ? 'map' : 'reduce');
  }

  const asked = await ask(run, final, pieces.map((piece) => piece.text).join(''));
  if (parts === 1) yield progress('read', 1, 1);
  yield progress('write', 0, 1);
  const said = shapeSummary(saidText(asked), style);
  let summary = '';
  for (;;) {
    const { done, value } = await said.next();
    if (done) {
      yield progress('write', 1, 1);
      return { ...created, status: value, summary, parts, usage: run.usage };
    }
    summary += value;
    yield { type: 'task.delta', delta: value };
  }
}

/** Notes of each piece, put together again to pieces as long as may be read at once. */
async function* takeNotes(
  run: TaskRun,
  pieces: readonly Piece[],
  room: Room,
  stage: 'map' | 'reduce',
): AsyncGenerator<TaskSaid, Piece[]> {
  const notes: string[] = [];
  for (const [i, piece] of pieces.entries()) {
    const asked = await ask(run, room, piece.text);
    if (stage === 'map' && i === 0) yield progress('read', pieces.length, pieces.length);
    yield progress(stage, i, pieces.length);
    const { text } = await wholeText(saidText(asked));
    if (text !== '') notes.push(text);
  }
  yield progress(stage, pieces.length, pieces.length);
  return cutText(notes.join('\n\n'), room.pieceTokens, run.count);
}

const ask = (run: TaskRun, { system, replyTokens }: Room, text: string) =>
  run.ask({
    prompt: { type: 'chat', messages: messagesOf(system, text.trim()) },
    maxTokens: replyTokens,
    stop: [],
    sampling: SAMPLING,
  });

const messagesOf = (system: string, text: string) =>
  [
    { role: 'system', content: system },
    { role: 'user', content: text },
  ] as const;

/** Throws ContextLengthError when the context is too small for it. */
async function roomFor(run: TaskRun, system: string, mostReplyTokens: number): Promise<Room> {
  const around = await run.measure(messagesOf(system, ''));
  const replyTokens = Math.min(mostReplyTokens, Math.floor(run.contextLength / 4));
  const left = run.contextLength - around - replyTokens;
  const pieceTokens = Math.floor(left * 0.95); // a text may be a few tokens more than its sentences
  if (pieceTokens < MIN_PIECE)
    throw new ContextLengthError(around + MIN_PIECE, replyTokens, run.contextLength);
  return { system, pieceTokens, replyTokens };
}

const total = (pieces: readonly Piece[]) => pieces.reduce((sum, { tokens }) => sum + tokens, 0);
