// The assistant's conversation: every step of it is shown as it happens, and what is dangerous is asked back.

import { setUpComposer } from '../composer.ts';
import type { Asked } from '../curl.ts';
import { followBottom } from '../follow.ts';
import { field, list, text } from '../json.ts';
import { byId } from '../page.ts';
import { describeProblem } from '../problem.ts';
import { store } from '../store.ts';
import { wordDuration } from '../tasks/progress.ts';
import { runTask } from '../tasks/run-task.ts';
import { userView } from '../turn-view.ts';
import { type AssistantView, assistantView } from './assistant-turn-view.ts';
import {
  type AssistantEnding,
  type AssistantTurn,
  assistantBody,
  type DoneTurn,
  readAssistantTurns,
} from './exchange.ts';
import { type Confirmation, readStep, wordName } from './step.ts';

const PATH = '/v1/tasks/assistant';

export interface AssistantDeps {
  readonly model: () => string;
  readonly showCurl: (asked: Asked) => void;
  /** Is told when something stored may have changed. */
  readonly changed: () => void;
}

export function setUpAssistant({ model, showCurl, changed }: AssistantDeps): void {
  const page = byId('assistant', HTMLElement);
  const listed = byId('assistant-turns', HTMLOListElement);
  const announcer = byId('announcer', HTMLElement);
  const scroller = byId('assistant-scroller', HTMLElement);
  const prompt = byId('assistant-prompt', HTMLTextAreaElement);
  const follow = followBottom(scroller, byId('assistant-jump', HTMLButtonElement));
  const turns: AssistantTurn[] = [];
  const views: (AssistantView | undefined)[] = [];
  let running: AbortController | undefined;

  const composer = setUpComposer(byId('assistant-composer', HTMLFormElement), {
    send: (content) => say(content),
    stop: () => running?.abort(),
    editLast: () => {},
  });

  const redraw = (index: number) => {
    const turn = turns[index];
    if (turn?.role === 'assistant') views[index]?.show(turn, index === turns.length - 1);
  };
  const add = (turn: AssistantTurn) => {
    const index = turns.push(turn) - 1;
    if (turn.role === 'user') {
      const element = userView(turn, { edit() {} });
      element.querySelector('.tools')?.remove(); // what was done cannot be said otherwise afterwards
      listed.append(element);
    } else {
      views[index] = assistantView({
        again: () => void run(index),
        curl: () => showCurl({ path: PATH, body: assistantBody(turns.slice(0, index), model()) }),
        answer: (agreed) => (agreed ? void run(index, agreed) : say('No.')),
      });
      listed.append(views[index].element);
    }
    redraw(index);
    redraw(index - 1); // what it asked can no longer be answered by a button
  };
  const settle = () => {
    byId('assistant-welcome', HTMLElement).hidden = turns.length > 0;
    byId('assistant-clear', HTMLButtonElement).hidden = turns.length === 0;
    listed.hidden = turns.length === 0;
    store.savePage('assistant', turns);
  };

  function say(content: string): void {
    if (running) return;
    add({ role: 'user', content });
    add({ role: 'assistant', steps: [], content: '', took: '', ending: undefined });
    void run(turns.length - 1);
  }

  /** Asks for the turn at `index`: anew, or going on with a call that was agreed to. */
  async function run(index: number, agreed?: Confirmation): Promise<void> {
    if (running) return;
    const abort = new AbortController();
    running = abort;
    composer.busy(true);
    if (!page.contains(document.activeElement) || agreed) prompt.focus(); // the button that was pressed goes
    const before = agreed ? (turns[index] as DoneTurn).steps : [];
    let turn: DoneTurn = { role: 'assistant', steps: before, content: '', took: '', ending: undefined };
    const put = (change: Partial<DoneTurn>) => {
      turn = { ...turn, ...change };
      turns[index] = turn;
    };
    let frame = 0;
    const draw = () => {
      frame = 0;
      redraw(index);
      follow.grew();
    };
    const soon = () => {
      frame ||= requestAnimationFrame(draw);
    };
    put({});
    settle();
    draw();
    follow.jump();
    announcer.textContent = 'The assistant is at it.';

    const start = performance.now();
    const confirm = agreed ? [agreed.id] : [];
    let ending: AssistantEnding = { type: 'halted' };
    try {
      const body = assistantBody(turns.slice(0, index), model(), confirm);
      for await (const part of runTask(PATH, body, abort.signal)) {
        if (running !== abort) return; // it was started over
        if (part.type === 'text') put({ content: turn.content + part.text });
        if (part.type === 'step') takeStep(part.step);
        if (part.type === 'completed') ending = finish(part.task);
        soon();
      }
    } catch (error) {
      if (!abort.signal.aborted) ending = { type: 'problem', problem: describeProblem(error) };
    }
    cancelAnimationFrame(frame);
    if (running !== abort) return;

    running = undefined;
    put({ ending, took: wordDuration(performance.now() - start) });
    draw();
    settle();
    composer.busy(false);
    changed();
    if (ending.type !== 'problem') announcer.textContent = wordTurn(turn);

    function takeStep(value: unknown): void {
      const step = readStep(value);
      if (!step) return;
      put({ steps: [...turn.steps, step] });
      if (step.type === 'message') put({ content: step.text });
      if (step.type === 'tool_call') announcer.textContent = `${wordName(step.name)}.`;
      if (step.type === 'tool_result') changed();
    }

    /** The finished task has the last word, for what the stream did not carry. */
    function finish(task: unknown): AssistantEnding {
      const steps = list(task, 'steps').flatMap((step) => readStep(step) ?? []);
      if (turn.steps.length < before.length + steps.length) put({ steps: [...before, ...steps] });
      const status = field(task, 'status');
      if (status === 'needs_confirmation') return { type: status }; // its message is the questions once more
      put({ content: text(task, 'message') ?? turn.content });
      return { type: status === 'incomplete' ? status : 'completed' };
    }
  }

  byId('assistant-examples', HTMLUListElement).addEventListener('click', ({ target }) => {
    const example = target instanceof Element ? target.closest('button')?.querySelector('span') : undefined;
    if (example) say(example.textContent);
  });
  byId('assistant-clear', HTMLButtonElement).addEventListener('click', () => {
    running?.abort();
    running = undefined;
    composer.busy(false);
    turns.length = 0;
    views.length = 0;
    listed.replaceChildren();
    announcer.textContent = 'Started over.';
    settle();
    prompt.focus();
  });
  byId('assistant-switch', HTMLFieldSetElement).addEventListener('change', ({ target }) => {
    if (target instanceof HTMLInputElement) page.dataset.shown = target.value;
  });
  addEventListener('pagehide', () => {
    running?.abort();
    store.savePage('assistant', turns);
  });

  for (const turn of readAssistantTurns(store.page('assistant'))) add(turn);
  settle();
}

/** What a screen reader says of a finished turn. */
function wordTurn({ content, steps, ending }: DoneTurn): string {
  const asked = steps.flatMap((step) => (step.type === 'confirmation' ? [step.question] : []));
  if (ending?.type === 'needs_confirmation') return `The assistant asks: ${asked.at(-1) ?? content}`;
  return content === '' ? 'The assistant has ended.' : `The assistant said: ${content}`;
}
