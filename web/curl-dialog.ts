import { copyFrom } from './copy.ts';
import { type Asked, curlCommand } from './curl.ts';
import { byId } from './page.ts';

/** The dialog that shows a request as a command. Returns what opens it. */
export function setUpCurl(): (asked: Asked) => void {
  const dialog = byId('curl', HTMLDialogElement);
  const command = byId('curl-text', HTMLTextAreaElement);
  const copy = byId('copy-curl', HTMLButtonElement);
  copy.addEventListener('click', () => void copyFrom(copy, command.value));
  byId('close-curl', HTMLButtonElement).addEventListener('click', () => dialog.close());

  return (asked) => {
    command.value = curlCommand(location.origin, asked);
    dialog.showModal();
    command.scrollTop = 0;
  };
}
