// The conversation on the page: turns, their views, and the one reply that may be in the making.
import { type ChatBody, chatBody, type Ending, type ReplyTurn, type Turn } from './conversation.ts';
import type { Follow } from './follow.ts';
import { byId } from './page.ts';
import type { Params } from './params.ts';
import { describeProblem } from './problem.ts';
import { streamChat } from './server.ts';
import { startStopwatch } from './stopwatch.ts';
import { type ReplyView, replyView, userView } from './turn-view.ts';

export interface ChatDeps {
  readonly follow: Follow;
  readonly params: () => Params;
  readonly busy: (busy: boolean) => void;
  readonly edit: (content: string) => void;
  readonly showCurl: (body: ChatBody) => void;
  readonly save: (turns: readonly Turn[]) => void;
}

export interface Chat {
  send(content: string, edited: boolean): void;
  stop(): void;
  editLast(): void;
  clear(): void;
}

export function createChat(saved: readonly Turn[], deps: ChatDeps): Chat {
  const list = byId('turns', HTMLOListElement);
  const welcome = byId('welcome', HTMLElement);
  const announcer = byId('announcer', HTMLElement);
  const turns: Turn[] = [];
  let running: AbortController | undefined;

  const add = (turn: Turn): ReplyView | undefined => {
    const index = turns.push(turn) - 1;
    if (turn.role === 'user') {
      list.append(userView(turn, { edit: () => editLast() }));
      return undefined;
    }
    const view = replyView({
      again: () => again(),
      curl: () => deps.showCurl(chatBody(turns.slice(0, index), turn.params)),
    });
    view.show(turn, turn.figures);
    list.append(view.element);
    return view;
  };

  const cut = (length: number) => {
    turns.length = length;
    while (list.childElementCount > length) list.lastElementChild!.remove();
  };

  const settle = () => {
    const empty = turns.length === 0;
    welcome.hidden = !empty;
    list.hidden = empty;
    deps.save(turns);
  };

  const lastUser = () => turns.findLastIndex(({ role }) => role === 'user');

  async function reply(): Promise<void> {
    const params = deps.params();
    const body = chatBody(turns, params);
    const abort = new AbortController();
    running = abort;
    deps.busy(true);
    announcer.textContent = 'Cria is replying.';

    let turn: ReplyTurn = { role: 'assistant', content: '', params, figures: undefined, ending: undefined };
    const view = add(turn)!;
    const index = turns.length - 1;
    const watch = startStopwatch(() => performance.now());
    const put = (change: Partial<ReplyTurn>) => {
      turn = { ...turn, ...change };
      turns[index] = turn;
    };

    let frame = 0;
    const draw = () => {
      frame = 0;
      view.show(turn, watch.read());
      deps.follow.grew();
    };
    settle();
    deps.follow.jump();

    let tokens: number | undefined;
    let ending: Ending = { type: 'halted' };
    try {
      for await (const part of streamChat(body, abort.signal)) {
        if (running !== abort) return; // the chat was cleared
        if (part.type === 'usage') tokens = part.tokens;
        if (part.type === 'ending') ending = { type: part.reason };
        if (part.type !== 'text') continue;
        watch.tick();
        put({ content: turn.content + part.text });
        frame ||= requestAnimationFrame(draw); // however fast the tokens, one drawing a frame
      }
    } catch (error) {
      if (!abort.signal.aborted) ending = { type: 'problem', problem: describeProblem(error) };
    }
    cancelAnimationFrame(frame);
    if (running !== abort) return;

    running = undefined;
    put({ ending, figures: watch.read(tokens) });
    view.show(turn, turn.figures);
    settle();
    deps.busy(false);
    deps.follow.grew();
    announcer.textContent =
      ending.type === 'problem' ? '' : `Cria replied: ${view.element.querySelector('.prose')!.textContent}`;
  }

  function send(content: string, edited: boolean): void {
    if (edited) cut(Math.max(0, lastUser()));
    add({ role: 'user', content });
    void reply();
  }

  function again(): void {
    if (running) return;
    cut(lastUser() + 1);
    void reply();
  }

  function editLast(): void {
    const turn = turns[lastUser()];
    if (turn && !running) deps.edit(turn.content);
  }

  function clear(): void {
    running?.abort();
    running = undefined;
    deps.busy(false);
    cut(0);
    announcer.textContent = 'New chat.';
    settle();
  }

  for (const turn of saved) add(turn);
  settle();
  addEventListener('pagehide', () => {
    running?.abort(); // ahead of the browser, which would make it look like a lost connection
    deps.save(turns);
  });
  return { send, stop: () => running?.abort(), editLast, clear };
}
