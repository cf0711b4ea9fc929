// The playground: builds the parts of the page and joins them.
import { setUpAssistant } from './assistant/assistant.ts';
import { setUpPlanner } from './assistant/planner.ts';
import { createChat } from './chat.ts';
import { setUpComposer } from './composer.ts';
import { setUpCurl } from './curl-dialog.ts';
import { followBottom } from './follow.ts';
import { key, onKey } from './key.ts';
import { byId } from './page.ts';
import { setUpPages } from './pages.ts';
import type { Params } from './params.ts';
import { setUpSettings } from './settings.ts';
import { store } from './store.ts';
import { setUpRewrite } from './tasks/rewrite.ts';
import { setUpSummarise } from './tasks/summarise.ts';
import { showWhatRuns } from './what-runs.ts';

const model = byId('model', HTMLSelectElement);
const prompt = byId('prompt', HTMLTextAreaElement);

const showCurl = setUpCurl();
const saved = store.params();
const settings = setUpSettings(saved, () => store.saveParams(params()));
const params = (): Params => ({ ...settings(), model: model.value });

const composer = setUpComposer(byId('composer', HTMLFormElement), {
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
  showCurl: (body) => showCurl({ path: '/v1/chat/completions', body }),
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

setUpSummarise({ model: () => model.value, showCurl });
setUpRewrite({ model: () => model.value, showCurl });
const planner = setUpPlanner();
setUpAssistant({ model: () => model.value, showCurl, changed: planner.load });
setUpPages((name) => {
  if (name === 'assistant') void planner.load();
  if (name === 'chat' && matchMedia('(hover: hover)').matches) prompt.focus(); // on a phone it would raise the keyboard
});
const showModels = () => void showWhatRuns(saved.model, () => store.saveParams(params()));
onKey(() => {
  if (key() !== '' && byId('state-dot', HTMLElement).dataset.state === 'failed') showModels();
});
showModels();
