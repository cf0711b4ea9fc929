import { field, list, number, parseJson, text } from './json.ts';
import { type Params, readParams } from './params.ts';
import type { Problem } from './problem.ts';
import type { Figures } from './stopwatch.ts';

export interface UserTurn {
  readonly role: 'user';
  readonly content: string;
}

/** A reply, whole or in the making (`ending` undefined). `params` are those it was asked with. */
export interface ReplyTurn {
  readonly role: 'assistant';
  readonly content: string;
  readonly params: Params;
  readonly figures: Figures | undefined;
  readonly ending: Ending | undefined;
}

/** `halted` is the reader's own doing, by the stop button or by leaving the page. */
export type Ending =
  | { readonly type: 'stop' | 'length' | 'halted' }
  | { readonly type: 'problem'; readonly problem: Problem };

export type Turn = UserTurn | ReplyTurn;

/** The body of POST /v1/chat/completions. */
export interface ChatBody {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly temperature: number;
  readonly top_p: number;
  readonly max_tokens?: number;
  readonly seed?: number;
  readonly stream: true;
  readonly stream_options: { readonly include_usage: true };
}

/** The request that asks for the turn after `turns`. Replies that never said anything are left out. */
export function chatBody(turns: readonly Turn[], params: Params): ChatBody {
  const system = params.system.trim();
  return {
    model: params.model,
    messages: [
      ...(system === '' ? [] : [{ role: 'system', content: system }]),
      ...turns.filter(({ content }) => content !== '').map(({ role, content }) => ({ role, content })),
    ],
    temperature: params.temperature,
    top_p: params.topP,
    ...(params.maxTokens === undefined ? {} : { max_tokens: params.maxTokens }),
    ...(params.seed === undefined ? {} : { seed: params.seed }),
    stream: true,
    stream_options: { include_usage: true },
  };
}

/** Turns from text that `JSON.stringify` wrote, perhaps in an older version. What does not fit is dropped. */
export function readTurns(source: string): Turn[] {
  return list(parseJson(source)).flatMap((turn): Turn[] => {
    const content = field(turn, 'content');
    if (typeof content !== 'string') return [];
    if (field(turn, 'role') === 'user') return [{ role: 'user', content }];
    if (field(turn, 'role') !== 'assistant') return [];
    return [
      {
        role: 'assistant',
        content,
        params: readParams(field(turn, 'params')),
        figures: readFigures(field(turn, 'figures')),
        ending: readEnding(field(turn, 'ending')),
      },
    ];
  });
}

function readEnding(value: unknown): Ending {
  const type = field(value, 'type');
  if (type === 'stop' || type === 'length') return { type };
  const title = text(value, 'problem', 'title');
  if (type !== 'problem' || title === undefined) return { type: 'halted' };
  const detail = text(value, 'problem', 'detail') ?? '';
  return { type, problem: { title, detail, retryAfterSeconds: 0 } }; // the wait is over by now
}

function readFigures(value: unknown): Figures | undefined {
  const tokens = number(value, 'tokens');
  const firstTokenMs = number(value, 'firstTokenMs');
  if (tokens === undefined || firstTokenMs === undefined) return undefined;
  const exact = field(value, 'exact') === true;
  return { tokens, exact, firstTokenMs, tokensPerSecond: number(value, 'tokensPerSecond') };
}
