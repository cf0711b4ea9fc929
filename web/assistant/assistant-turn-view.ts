import { createMarkdownView } from '../markdown.ts';
import { showNotice } from '../notice.ts';
import { fromTemplate, within } from '../page.ts';
import { listenToButtons, type TurnActions } from '../turn-buttons.ts';
import { type DoneTurn, openQuestions } from './exchange.ts';
import type { Confirmation } from './step.ts';
import { createStepsView } from './steps-view.ts';

export interface AssistantActions extends TurnActions {
  /** The person's answer: the call they agree to, or none. */
  answer(agreed: Confirmation | undefined): void;
}

export interface AssistantView {
  readonly element: HTMLElement;
  /** Shows the turn as it now is. `last`: it is the one the person can still answer. */
  show(turn: DoneTurn, last: boolean): void;
}

export function assistantView(actions: AssistantActions): AssistantView {
  const element = fromTemplate('assistant-turn');
  const steps = createStepsView(within(element, '.steps'));
  const prose = createMarkdownView(within(element, '.prose'));
  const asking = within<HTMLElement>(element, '.asking');
  const notice = within<HTMLElement>(element, '.notice');
  let content = '';

  listenToButtons(element, () => content, actions);

  return {
    element,
    show(turn, last) {
      const { ending } = turn;
      steps.show(turn.steps, ending !== undefined);
      if (turn.content !== content) prose.show(turn.content);
      content = turn.content;
      element.dataset.state = content === '' ? (ending ? 'empty' : 'waiting') : ending ? 'done' : 'streaming';

      const notes = { halted: ['stopped'], incomplete: ['ended before it was done'] } as const;
      const note = ending && ending.type in notes ? notes[ending.type as keyof typeof notes] : [];
      within(element, '.figures').textContent = [turn.took, ...note]
        .filter((word) => word !== '')
        .join(' · ');

      const questions = ending?.type === 'needs_confirmation' && last ? openQuestions(turn.steps) : [];
      asking.replaceChildren(...(questions.length === 0 ? [] : ask(questions, actions)));
      asking.hidden = questions.length === 0;
      notice.hidden = true;
      if (ending?.type === 'problem' && last) showNotice(notice, ending.problem);
    },
  };
}

/** One question with Yes and No, or several of which one is chosen. */
function ask(questions: readonly Confirmation[], actions: AssistantActions): HTMLElement[] {
  const button = (words: string, look: string, act: () => void) => {
    const made = document.createElement('button');
    made.type = 'button';
    made.className = look;
    made.textContent = words;
    made.onclick = act;
    return made;
  };
  const row = (words: string, ...buttons: readonly HTMLElement[]) => {
    const made = document.createElement('div');
    const question = document.createElement('p');
    question.textContent = words;
    made.append(question, ...buttons);
    return made;
  };

  const no = (words: string) => button(words, 'ghost', () => actions.answer(undefined));
  const [first] = questions;
  if (questions.length === 1)
    return [
      row(
        first!.question,
        button('Yes', 'solid small', () => actions.answer(first)),
        no('No'),
      ),
    ];
  const choices = questions.map((question) => {
    const yes = button('Yes, this', 'solid small', () => actions.answer(question));
    yes.setAttribute('aria-label', `Yes, this: ${question.question}`);
    return row(question.question, yes);
  });
  return [...choices, row('', no('None of them'))];
}
