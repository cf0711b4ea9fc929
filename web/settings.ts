import { forgetKey, key, onKey } from './key.ts';
import { byId, within } from './page.ts';
import { DEFAULTS, type Params, readParams } from './params.ts';

const WIDE = '(min-width: 900px)'; // as in style.css: from here on the panel stands beside the chat

type Sampling = Omit<Params, 'model'>;

/** The panel of settings. Returns a function that reads it; `changed` is told of every edit. */
export function setUpSettings(initial: Params, changed: () => void): () => Sampling {
  const panel = byId('settings', HTMLDialogElement);
  const opener = byId('open-settings', HTMLButtonElement);
  const form = byId('settings-form', HTMLFormElement);
  const system = byId('system', HTMLTextAreaElement);
  const temperature = byId('temperature', HTMLInputElement);
  const topP = byId('top-p', HTMLInputElement);
  const maxTokens = byId('max-tokens', HTMLInputElement);
  const seed = byId('seed', HTMLInputElement);

  const read = (): Sampling =>
    readParams({
      system: system.value,
      temperature: temperature.valueAsNumber,
      topP: topP.valueAsNumber,
      maxTokens: maxTokens.valueAsNumber, // NaN when empty, which readParams takes for "not set"
      seed: seed.valueAsNumber,
    });

  const write = (params: Sampling) => {
    system.value = params.system;
    temperature.valueAsNumber = params.temperature;
    topP.valueAsNumber = params.topP;
    maxTokens.value = params.maxTokens?.toString() ?? '';
    seed.value = params.seed?.toString() ?? '';
    label();
  };

  const label = () => {
    byId('temperature-value', HTMLOutputElement).value = temperature.valueAsNumber.toFixed(2);
    byId('top-p-value', HTMLOutputElement).value = topP.valueAsNumber.toFixed(2);
  };

  const toggle = () => {
    if (panel.open) return panel.close();
    if (matchMedia(WIDE).matches) panel.show();
    else panel.showModal();
    opener.setAttribute('aria-expanded', 'true');
  };

  opener.addEventListener('click', toggle);
  byId('close-settings', HTMLButtonElement).addEventListener('click', () => panel.close());
  panel.addEventListener('close', () => {
    opener.setAttribute('aria-expanded', 'false');
    opener.focus();
  });
  panel.addEventListener('click', ({ target }) => {
    if (target === panel && panel.matches(':modal')) panel.close(); // the backdrop
  });
  matchMedia(WIDE).addEventListener('change', () => panel.close());

  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', () => {
    label();
    changed();
  });
  within<HTMLButtonElement>(form, '#reset-settings').addEventListener('click', () => {
    write(DEFAULTS);
    changed();
  });

  const keyState = byId('key-state', HTMLElement);
  const showKey = () => {
    keyState.hidden = key() === '';
  };
  byId('forget-key', HTMLButtonElement).addEventListener('click', () => {
    forgetKey();
    within<HTMLButtonElement>(form, '#reset-settings').focus(); // the button under it is gone
  });
  onKey(showKey);

  showKey();
  write(initial);
  return read;
}
