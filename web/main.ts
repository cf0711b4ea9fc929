// The playground: builds the parts of the page and joins them.
import { createChat } from './chat.ts';
import { setUpComposer } from './composer.ts';
import { copyFrom } from './copy.ts';
import { curlCommand } from './curl.ts';
import { followBottom } from './follow.ts';
import { byId } from './page.ts';
import type { Params } from './params.ts';
import { setUpSettings } from './settings.ts';
import { store } from './store.ts';
import { showWhatRuns } from './what-runs.ts';

const model = byId('model', HTMLSelectElement);
const prompt = byId('prompt', HTMLTextAreaElement);
const curl = byId('curl', HTMLDialogElement);
const curlText = byId('curl-text', HTMLTextAreaElement);

const saved = store.params();
const settings = setUpSettings(saved, () => store.saveParams(params()));
const params = (): Params => ({ ...settings(), model: model.value });

const composer = setUpComposer({
  send: (content, edited) => chat.send(content, edited),
  stop: () => chat.stop(),
  editLast: () => chat.editLast(),
});

const chat = createChat(store.turns(), {
  follow: followBottom(byId('scroller', HTMLElement), byId('jump', HTMLButtonElement)),
  params,
  busy: composer.busy,
  edit: composer.edit,
  save: store.saveTurns,
  showCurl(body) {
    curlText.value = curlCommand(location.origin, body);
    curl.showModal();
  },
});

byId('new-chat', HTMLButtonElement).addEventListener('click', () => {
  composer.leaveEdit();
  chat.clear();
  prompt.focus();
});
byId('examples', HTMLUListElement).addEventListener('click', ({ target }) => {
  const example = target instanceof Element ? target.closest('button')?.querySelector('span') : undefined;
  if (example) chat.send(example.textContent, false);
});
const copyCurl = byId('copy-curl', HTMLButtonElement);
copyCurl.addEventListener('click', () => void copyFrom(copyCurl, curlText.value));
byId('close-curl', HTMLButtonElement).addEventListener('click', () => curl.close());

if (matchMedia('(hover: hover)').matches) prompt.focus(); // on a phone it would raise the keyboard
void showWhatRuns(saved.model, () => store.saveParams(params()));
