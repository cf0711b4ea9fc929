// A page with a text on one side and what a task makes of it on the other.
import { copyFrom } from '../copy.ts';
import type { Asked } from '../curl.ts';
import { field, number, text } from '../json.ts';
import { showNotice } from '../notice.ts';
import { byId, within } from '../page.ts';
import { describeProblem, type Problem } from '../problem.ts';
import { store } from '../store.ts';
import { fillForm, readForm, type Values } from './form-values.ts';
import { wordCount, wordDuration, wordProgress } from './progress.ts';
import { runTask, type TaskPart } from './run-task.ts';
import { setUpSource } from './source-text.ts';

export interface PageDeps {
  readonly model: () => string;
  readonly showCurl: (asked: Asked) => void;
}

export interface Task {
  readonly page: string; // the id of its main element
  readonly path: string;
  readonly sample: string;
  /** The request, but for the model and `stream`. */
  body(values: Values): object;
  /** The text of the finished task. */
  result(task: unknown): string | undefined;
  /** Shows the text as it grows, and once more when it is whole. `asked` is what the form held. */
  show(text: string, whole: boolean, asked: Values): void;
  /** For the screen reader, once it is whole. */
  announce(text: string): string;
}

export function setUpWorkbench(task: Task, { model, showCurl }: PageDeps): void {
  const page = byId(task.page, HTMLElement);
  const form = within<HTMLFormElement>(page, 'form');
  const go = within<HTMLButtonElement>(form, '[type=submit]');
  const stop = within<HTMLButtonElement>(form, '[data-act=stop]');
  const result = within<HTMLElement>(page, '.result');
  const status = within<HTMLElement>(result, '.status span');
  const bar = within<HTMLProgressElement>(result, 'progress');
  const notice = within<HTMLElement>(result, '.notice');
  const announcer = byId('announcer', HTMLElement);

  let running: AbortController | undefined;
  let made = { text: '', status: '', whole: false, asked: readForm(form) };

  const request = (values: Values): Asked => ({
    path: task.path,
    body: { model: model(), ...task.body(values), stream: true },
  });
  const ready = () => {
    go.disabled = within<HTMLTextAreaElement>(form, 'textarea').value.trim() === '';
  };
  const busy = (on: boolean) => {
    const hadFocus = document.activeElement === (on ? go : stop);
    go.hidden = on;
    stop.hidden = !on;
    if (hadFocus) (on ? stop : go).focus(); // the button under it is gone
  };
  const save = () => store.savePage(task.page, { form: readForm(form), made });

  async function run(): Promise<void> {
    const asked = readForm(form);
    const { path, body } = request(asked);
    const abort = new AbortController();
    running = abort;
    made = { text: '', status: '', whole: false, asked };
    busy(true);
    notice.hidden = true;
    result.dataset.state = 'running';
    task.show('', false, asked);

    const start = performance.now();
    let stage = '';
    let doing = 'Waiting for the model';
    const tick = () => {
      const seconds = Math.floor((performance.now() - start) / 1000);
      status.textContent = seconds === 0 ? doing : `${doing} · ${seconds} s`;
    };
    const clock = setInterval(tick, 1000);
    const at = (part: Extract<TaskPart, { type: 'progress' }>) => {
      doing = wordProgress(part);
      bar.hidden = part.total <= 1;
      bar.max = Math.max(part.total, 1);
      bar.value = part.done;
      tick();
      if (part.stage !== stage) announcer.textContent = `${doing}.`; // each stage once, not each part
      stage = part.stage;
    };
    let frame = 0;
    const draw = () => {
      frame = 0;
      result.dataset.state = 'streaming';
      task.show(made.text, false, asked);
    };
    tick();

    let finished: unknown;
    let problem: Problem | undefined;
    try {
      for await (const part of runTask(path, body, abort.signal)) {
        if (part.type === 'progress') at(part);
        if (part.type === 'completed') finished = part.task;
        if (part.type !== 'text') continue;
        if (stage !== 'write') at({ type: 'progress', stage: 'write', done: 0, total: 0 });
        made.text += part.text;
        frame ||= requestAnimationFrame(draw);
      }
    } catch (error) {
      if (!abort.signal.aborted) problem = describeProblem(error, 'text');
    }
    cancelAnimationFrame(frame);
    clearInterval(clock);
    running = undefined;

    const took = wordDuration(performance.now() - start);
    made.whole = finished !== undefined;
    made.text = task.result(finished) ?? made.text;
    made.status = finished
      ? [took, ...figures(finished)].join(' · ')
      : problem
        ? ''
        : `Stopped after ${took}`;
    showMade();
    if (problem) showNotice(notice, problem);
    else announcer.textContent = finished ? task.announce(made.text) : 'Stopped.';
    busy(false);
    save();
  }

  function showMade(): void {
    bar.hidden = true;
    status.textContent = made.status;
    result.dataset.state = made.text === '' ? 'empty' : 'done';
    task.show(made.text, made.whole, made.asked);
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!running && !go.disabled) void run();
  });
  page.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>('button[data-act]') : null;
    const act = button?.dataset.act;
    if (act === 'stop') running?.abort();
    if (act === 'again') form.requestSubmit();
    if (act === 'copy') void copyFrom(button!, made.text);
    if (act === 'curl') showCurl(request(readForm(form)));
  });
  addEventListener('keydown', (event) => {
    if (page.hidden || event.defaultPrevented || document.querySelector('dialog:modal')) return;
    if (event.key === 'Escape') running?.abort();
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  addEventListener('pagehide', () => {
    running?.abort();
    save();
  });

  const saved = store.page(task.page);
  fillForm(form, field(saved, 'form'));
  setUpSource(page, task.sample, ready);
  made = {
    text: text(saved, 'made', 'text') ?? '',
    status: text(saved, 'made', 'status') ?? '',
    whole: field(saved, 'made', 'whole') === true,
    asked: readForm(form, field(saved, 'made', 'asked')),
  };
  showMade();
}

/** What the finished task says of itself, in words. */
function figures(task: unknown): string[] {
  const parts = number(task, 'parts') ?? 1;
  const tokens = number(task, 'usage', 'output_tokens');
  const cut = field(task, 'status') === 'incomplete';
  return [
    ...(parts > 1 ? [`read in ${wordCount(parts, 'part')}`] : []),
    ...(tokens === undefined ? [] : [wordCount(tokens, 'token')]),
    ...(cut ? ['cut at the token limit'] : []),
  ];
}
