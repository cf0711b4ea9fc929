import { within } from './page.ts';

const SHOWN_MS = 1600;

/** Copies text and says so on the button for a moment. */
export async function copyFrom(button: HTMLElement, text: string): Promise<void> {
  const done = await copy(text);
  const icon = within<SVGUseElement>(button, 'use');
  const label = within<HTMLElement>(button, 'span');
  const before = button.dataset.label ?? label.textContent;
  button.dataset.label = before; // a second click within the moment must not keep "Copied" for ever

  label.textContent = done ? 'Copied' : 'Not copied';
  if (done) icon.setAttribute('href', '#icon-check');
  setTimeout(() => {
    label.textContent = before;
    icon.setAttribute('href', '#icon-copy');
  }, SHOWN_MS);
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // no clipboard on plain http beyond localhost
  }
}

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'quiet';
  (document.querySelector('dialog:modal') ?? document.body).append(area);
  const focused = document.activeElement;
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}
