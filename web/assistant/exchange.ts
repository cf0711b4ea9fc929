import { field, list, text } from '../json.ts';
import type { Problem } from '../problem.ts';
import { readStep, type Step } from './step.ts';

export interface SaidTurn {
  readonly role: 'user';
  readonly content: string;
}

/** What the assistant did and said for one message. `ending` is undefined while it is at it. */
export interface DoneTurn {
  readonly role: 'assistant';
  readonly steps: readonly Step[];
  readonly content: string; // its message, in Markdown
  readonly took: string; // in words; empty while it is at it
  readonly ending: AssistantEnding | undefined;
}

export type AssistantEnding =
  | { readonly type: 'completed' | 'needs_confirmation' | 'incomplete' | 'halted' }
  | { readonly type: 'problem'; readonly problem: Problem };

export type AssistantTurn = SaidTurn | DoneTurn;

export interface AssistantBody {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly time_zone: string;
  readonly confirm?: readonly string[];
  readonly stream: true;
}

/** The request that goes on from `turns`, with the calls the person has agreed to. */
export function assistantBody(
  turns: readonly AssistantTurn[],
  model: string,
  confirm: readonly string[] = [],
): AssistantBody {
  return {
    model,
    messages: turns
      .map((turn) => ({ role: turn.role, content: turn.role === 'user' ? turn.content : saidBy(turn) }))
      .filter(({ content }) => content !== ''),
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...(confirm.length === 0 ? {} : { confirm }),
    stream: true,
  };
}

/** What the assistant has said in a turn: its message, and what it asked. */
function saidBy({ content, steps, ending }: DoneTurn): string {
  const asked = ending?.type === 'needs_confirmation' ? openQuestions(steps) : [];
  return [content, ...asked.map(({ question }) => question)].filter((said) => said !== '').join('\n');
}

/** The questions behind the last result: those that wait for an answer. */
export function openQuestions(steps: readonly Step[]) {
  const last = steps.findLastIndex(({ type }) => type === 'tool_result');
  return steps.slice(last + 1).filter((step) => step.type === 'confirmation');
}

/** Turns from JSON of unknown origin, perhaps of an older version. What does not fit is dropped. */
export function readAssistantTurns(source: unknown): AssistantTurn[] {
  return list(source).flatMap((turn): AssistantTurn[] => {
    const content = field(turn, 'content');
    if (typeof content !== 'string') return [];
    if (field(turn, 'role') === 'user') return [{ role: 'user', content }];
    if (field(turn, 'role') !== 'assistant') return [];
    const steps = list(turn, 'steps').flatMap((step) => readStep(step) ?? []);
    const took = text(turn, 'took') ?? '';
    return [{ role: 'assistant', steps, content, took, ending: readEnding(field(turn, 'ending')) }];
  });
}

function readEnding(value: unknown): AssistantEnding {
  const type = field(value, 'type');
  if (type === 'completed' || type === 'needs_confirmation' || type === 'incomplete') return { type };
  const title = text(value, 'problem', 'title');
  if (type !== 'problem' || title === undefined) return { type: 'halted' };
  const detail = text(value, 'problem', 'detail') ?? '';
  return { type, problem: { title, detail, retryAfterSeconds: 0 } }; // the wait is over by now
}
