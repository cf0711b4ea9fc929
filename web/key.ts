// The key a server may ask for. It lives in this tab's session storage and in the Authorization header, nowhere else.
import { byId } from './page.ts';
import { store } from './store.ts';

/** What an Authorization header can carry. Source: RFC 6750, 2.1 */
const TOKEN = /^[\w.~+/-]+=*$/;

const listeners: (() => void)[] = [];
let asking: Promise<boolean> | undefined;

/** The key in use; empty when there is none. */
export const key = (): string => store.key();

/** Is told of every new key, and of a key that is forgotten. */
export const onKey = (listener: () => void): number => listeners.push(listener);

/** Forgets the key. The server's next 401 asks for another. */
export const forgetKey = (): void => setKey('');

/**
 * Asks the person for a key, however many requests want one at a time, and says whether there is one to try.
 * `refused` is what the server has just turned down; if another is in use by now, nobody has to be asked.
 */
export async function askForKey(refused: string): Promise<boolean> {
  if (key() !== refused) return true;
  asking ??= ask(refused !== '').finally(() => {
    asking = undefined;
  });
  return asking;
}

function setKey(given: string): void {
  store.saveKey(given);
  for (const tell of listeners) tell();
}

function ask(again: boolean): Promise<boolean> {
  const dialog = byId('key-dialog', HTMLDialogElement);
  const input = byId('key', HTMLInputElement);
  const fault = byId('key-fault', HTMLElement);
  const say = (words: string) => {
    fault.textContent = words;
    input.setAttribute('aria-invalid', String(words !== ''));
  };

  const focused = document.activeElement;
  say(again ? 'The server does not know that key.' : '');
  dialog.showModal();

  return new Promise((resolve) => {
    let given = '';
    byId('key-form', HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      const entered = input.value.trim();
      if (!TOKEN.test(entered)) return say('A key is letters, digits and signs, with no space between.');
      given = entered;
      dialog.close();
    };
    byId('cancel-key', HTMLButtonElement).onclick = () => dialog.close();
    dialog.onclose = () => {
      input.value = '';
      if (focused instanceof HTMLElement) focused.focus();
      if (given !== '') setKey(given);
      resolve(given !== '');
    };
  });
}
