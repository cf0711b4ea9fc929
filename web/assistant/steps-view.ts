import { fromTemplate, within } from '../page.ts';
import { type Step, wordArguments, wordName } from './step.ts';

const MAX_SHOWN = 4_000; // characters of a result

export interface StepsView {
  /** Shows the steps, of which there are as many as last time or more. */
  show(steps: readonly Step[], finished: boolean): void;
}

/** Keeps a list showing the calls an assistant makes, each with what came back. Messages are shown elsewhere. */
export function createStepsView(list: HTMLElement): StepsView {
  const rows: { readonly id: string; readonly element: HTMLElement; state: 'running' | 'ok' | 'failed' }[] =
    [];
  let shown = 0;

  const add = (step: Step) => {
    if (step.type === 'tool_call') {
      const element = fromTemplate('call-step');
      within(element, 'strong').textContent = wordName(step.name);
      within(element, '.given').textContent = wordArguments(step.arguments);
      list.append(element);
      rows.push({ id: step.id, element, state: 'running' });
    }
    if (step.type !== 'tool_result') return;
    const row = rows.findLast(({ id }) => id === step.id);
    if (!row) return;
    row.state = step.ok ? 'ok' : 'failed';
    const details = within<HTMLDetailsElement>(row.element, 'details');
    const text = typeof step.result === 'string' ? step.result : JSON.stringify(step.result, undefined, 2);
    const pre = within<HTMLPreElement>(details, 'pre');
    pre.tabIndex = 0; // so that the keyboard can scroll it
    pre.textContent = (text ?? 'nothing').slice(0, MAX_SHOWN);
    details.hidden = false;
  };

  return {
    show(steps, finished) {
      for (const step of steps.slice(shown)) add(step);
      shown = steps.length;
      for (const { element, state } of rows) {
        element.dataset.state = state;
        const icon = { running: '#icon-curl', ok: '#icon-check', failed: '#icon-close' }[state];
        within(element, 'use').setAttribute('href', icon);
        const words = { running: finished ? 'not done' : 'under way', ok: 'done', failed: 'did not work' };
        within(element, '.outcome').textContent = words[state];
      }
      list.hidden = rows.length === 0;
    },
  };
}
