import { byId } from './page.ts';

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

/** The message box. Enter sends, Shift+Enter starts a line, ArrowUp in an empty box edits the last message. */
export function setUpComposer(actions: ComposerActions): Composer {
  const form = byId('composer', HTMLFormElement);
  const prompt = byId('prompt', HTMLTextAreaElement);
  const send = byId('send', HTMLButtonElement);
  const stop = byId('stop', HTMLButtonElement);
  const banner = byId('editing', HTMLElement);
  let running = false;

  const resize = () => {
    prompt.style.height = 'auto';
    prompt.style.height = `${prompt.scrollHeight}px`; // style.css caps it
    send.disabled = prompt.value.trim() === '';
  };
  const fill = (text: string) => {
    prompt.value = text;
    resize();
  };
  const leaveEdit = () => {
    if (banner.hidden) return;
    banner.hidden = true;
    fill('');
  };

  prompt.addEventListener('input', resize);
  prompt.addEventListener('keydown', (event) => {
    if (event.isComposing) return; // Enter chooses a word in an input method
    if (event.key === 'ArrowUp' && prompt.value === '') {
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
    const edited = !banner.hidden;
    banner.hidden = true;
    fill('');
    actions.send(content, edited);
  });
  stop.addEventListener('click', actions.stop);
  byId('cancel-edit', HTMLButtonElement).addEventListener('click', () => {
    leaveEdit();
    prompt.focus();
  });
  addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    if (document.querySelector('dialog:modal')) return; // it takes the key to close
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
      banner.hidden = false;
      fill(content);
      prompt.focus();
    },
    leaveEdit,
  };
}
