// What runs here, in words, from /v1/models and /v1/health and nothing else.

import { RefusedError } from './errors.ts';
import { byId } from './page.ts';
import { describeProblem } from './problem.ts';
import { fetchHealth, fetchModels, type Health, type Model } from './server.ts';

const POLL_MS = 1500;

const BACKENDS: Record<string, string> = {
  wasm: 'WebAssembly',
  webgpu: 'WebGPU',
  ref: 'plain JavaScript',
};

/** One sentence on what answers. It says no more than the server said. */
export function statement({ id, contextLength }: Model, { backend, runtime }: Health): string {
  const name = id.split('/').at(-1)!;
  const how = backend === undefined ? '' : ` in ${BACKENDS[backend] ?? backend}`;
  const where = runtime === undefined ? '' : ` on this machine’s ${runtime}`;
  const room =
    contextLength === undefined ? '' : `, with room for ${contextLength.toLocaleString('en')} tokens`;
  return how === '' && where === ''
    ? `${name} answers here${room}.`
    : `${name}, running${how}${where}${room}.`;
}

/** The line at the foot. Meta's licence wants "Built with Llama" shown; other models must not wear it. */
export function notices({ id, licence }: Model): string {
  const built = /\bllama/i.test(id) ? ['Built with Llama.'] : [];
  return [...built, ...(licence === undefined ? [] : [`Model licence: ${licence}.`])].join(' ');
}

/** Fills the model list and the sentences, and keeps the dot true until the server is ready. */
export async function showWhatRuns(preferred: string, changed: () => void): Promise<void> {
  const select = byId('model', HTMLSelectElement);
  const line = byId('statement', HTMLElement);

  try {
    const health = await fetchHealth();
    showState(health.state);
    const models = await fetchModels();

    select.replaceChildren(...models.map(({ id }) => new Option(id, id, false, id === preferred)));
    select.disabled = models.length === 0;

    const show = () => {
      const model = models.find(({ id }) => id === select.value);
      line.textContent = model ? statement(model, health) : 'The server has no model.';
      byId('licence', HTMLElement).textContent = model ? notices(model) : '';
    };
    select.onchange = () => {
      show();
      changed();
    };
    show();
    changed();
    if (health.state === 'loading') await untilReady();
  } catch (error) {
    showState('failed');
    const { title, detail } = describeProblem(error);
    line.textContent = `${title} ${detail}`;
    select.replaceChildren(new Option('No server', ''));
    if (error instanceof RefusedError && error.status === 401) return; // it is asked again when there is a key
    setTimeout(() => void showWhatRuns(preferred, changed), POLL_MS * 2);
  }
}

async function untilReady(): Promise<void> {
  for (;;) {
    await new Promise((wake) => setTimeout(wake, POLL_MS));
    const { state } = await fetchHealth();
    showState(state);
    if (state !== 'loading') return;
  }
}

function showState(state: Health['state']): void {
  const dot = byId('state-dot', HTMLElement);
  dot.dataset.state = state;
  dot.title = { loading: 'The model is loading', ready: 'Ready', failed: 'Not available' }[state];
  dot.ariaLabel = dot.title;
}
