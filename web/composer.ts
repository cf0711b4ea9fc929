import { within } from './page.ts';

export interface Composer {
  /** Shows the stop button in place of the send button. */
  busy(busy: boolean): void;
  /** Puts text in the box, to be sent in place of the last message. */
  edit(content: string): void;
  /** Ends an edit and forgets its text. */
  leaveEdit(): void;
}

export interface ComposerActions {
  send(content: string, edited: boolean): void;
  stop(): void;
  editLast(): void;
}

/**
 * A message box. Enter sends, Shift+Enter starts a line, ArrowUp in an empty box edits the last message, where the form
 * has a banner that says so.
 */
export function setUpComposer(form: HTMLFormElement, actions: ComposerActions): Composer {
  const prompt = within<HTMLTextAreaElement>(form, 'textarea');
  const send = within<HTMLButtonElement>(form, '[type=submit]');
  const stop = within<HTMLButtonElement>(form, '.stop');
  const banner = form.querySelector<HTMLElement>('.editing');
  let running = false;

  const resize = () => {
    prompt.style.height = 'auto';
    const height = prompt.scrollHeight; // 0 while its page is not shown
    if (height > 0) prompt.style.height = `${height}px`; // the style sheet caps it
    send.disabled = prompt.value.trim() === '';
  };
  const fill = (text: string) => {
    prompt.value = text;
    resize();
  };
  const leaveEdit = () => {
    if (!banner || banner.hidden) return;
    banner.hidden = true;
    fill('');
  };

  prompt.addEventListener('input', resize);
  prompt.addEventListener('keydown', (event) => {
    if (event.isComposing) return; // Enter chooses a word in an input method
    if (banner && event.key === 'ArrowUp' && prompt.value === '') {
      event.preventDefault();
      actions.editLast();
    }
    if (event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const content = prompt.value.trim();
    if (running || content === '') return;
    const edited = banner?.hidden === false;
    if (banner) banner.hidden = true;
    fill('');
    actions.send(content, edited);
  });
  stop.addEventListener('click', actions.stop);
  banner?.querySelector('button')?.addEventListener('click', () => {
    leaveEdit();
    prompt.focus();
  });
  addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    if (document.querySelector('dialog:modal') || form.closest('[hidden]')) return; // not meant for this box
    if (running) actions.stop();
    else leaveEdit();
  });
  resize();

  return {
    busy(busy) {
      running = busy;
      const hadFocus = document.activeElement === (busy ? send : stop);
      send.hidden = busy;
      stop.hidden = !busy;
      if (hadFocus) prompt.focus(); // the button under it is gone
    },
    edit(content) {
      if (banner) banner.hidden = false;
      fill(content);
      prompt.focus();
    },
    leaveEdit,
  };
}
