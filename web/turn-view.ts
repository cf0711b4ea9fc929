import type { Ending, ReplyTurn, UserTurn } from './conversation.ts';
import { createMarkdownView } from './markdown.ts';
import { showNotice } from './notice.ts';
import { fromTemplate, within } from './page.ts';
import { type Figures, wordFigures } from './stopwatch.ts';
import { listenToButtons, type TurnActions } from './turn-buttons.ts';

export interface UserActions {
  edit(): void;
}

export interface ReplyView {
  readonly element: HTMLElement;
  /** Shows the reply as it now is. Cheap enough for every frame. */
  show(turn: ReplyTurn, figures: Figures | undefined): void;
}

/** What the user said: plain text, never Markdown. */
export function userView({ content }: UserTurn, actions: UserActions): HTMLElement {
  const element = fromTemplate('user-turn');
  within(element, '.words').textContent = content;
  within<HTMLElement>(element, '[data-act=edit]').onclick = () => actions.edit();
  return element;
}

export function replyView(actions: TurnActions): ReplyView {
  const element = fromTemplate('reply-turn');
  const prose = createMarkdownView(within(element, '.prose'));
  const notice = within<HTMLElement>(element, '.notice');
  const figuresLine = within<HTMLElement>(element, '.figures');
  let content = '';

  listenToButtons(element, () => content, actions);

  return {
    element,
    show(turn, figures) {
      if (turn.content !== content) prose.show(turn.content);
      content = turn.content;
      element.dataset.state = stateOf(turn);

      const words = figures ? [wordFigures(figures)] : [];
      figuresLine.textContent = [...words, ...wordEnding(turn.ending)].join(' · ');
      if (turn.ending?.type === 'problem' && notice.hidden) showNotice(notice, turn.ending.problem);
    },
  };
}

function stateOf({ content, ending }: ReplyTurn): 'waiting' | 'streaming' | 'empty' | 'done' {
  if (ending) return content === '' ? 'empty' : 'done';
  return content === '' ? 'waiting' : 'streaming';
}

function wordEnding(ending: Ending | undefined): string[] {
  if (ending?.type === 'length') return ['cut at the token limit'];
  if (ending?.type === 'halted') return ['stopped'];
  return [];
}
