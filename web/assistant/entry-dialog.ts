import { byId, within } from '../page.ts';
import { describeProblem } from '../problem.ts';
import { fillForm, readForm, type Values } from '../tasks/form-values.ts';

export interface Entry {
  readonly values: Values;
  /** Stores what the form holds. A string says what is wrong with it. */
  save(values: Values): Promise<unknown> | string;
  /** Absent for what is new. */
  readonly remove?: (() => Promise<unknown>) | undefined;
}

/** A dialog with one form. Returns what opens it; `stored` is told when something was saved or deleted. */
export function setUpEntryDialog(id: string, stored: () => void): (entry: Entry) => void {
  const dialog = byId(id, HTMLDialogElement);
  const form = within<HTMLFormElement>(dialog, 'form');
  const fault = within<HTMLElement>(dialog, '.fault');
  const remove = within<HTMLButtonElement>(dialog, '[data-act=delete]');

  const attempt = async (work: Promise<unknown> | string) => {
    if (typeof work === 'string') {
      fault.textContent = work;
      return;
    }
    try {
      await work;
      dialog.close();
      stored();
    } catch (error) {
      const { title, detail } = describeProblem(error, 'text');
      fault.textContent = `${title} ${detail}`;
    }
  };
  within<HTMLButtonElement>(dialog, '[data-act=cancel]').addEventListener('click', () => dialog.close());

  return (entry) => {
    fault.textContent = '';
    fillForm(form, entry.values);
    remove.hidden = entry.remove === undefined;
    remove.onclick = () => entry.remove && void attempt(entry.remove());
    form.onsubmit = (event) => {
      event.preventDefault();
      void attempt(entry.save(readForm(form)));
    };
    dialog.showModal();
  };
}
