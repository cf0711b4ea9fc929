import { copyFrom } from './copy.ts';
import { within } from './page.ts';

export interface TurnActions {
  again(): void;
  curl(): void;
}

/** What the buttons of a turn do, those that its code blocks bring among them. `said` is what it says at that moment. */
export function listenToButtons(turn: HTMLElement, said: () => string, actions: TurnActions): void {
  turn.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>('button[data-act]') : null;
    const act = button?.dataset.act;
    if (act === 'copy') void copyFrom(button!, said());
    if (act === 'copy-code') void copyFrom(button!, within(button!.closest('figure')!, 'pre').textContent);
    if (act === 'again') actions.again();
    if (act === 'curl') actions.curl();
  });
}
