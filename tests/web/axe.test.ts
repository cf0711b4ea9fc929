// axe-core over every page in every state. Colours depend on the scheme alone and the layout on the width alone, so that
// two looks are all.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../support/axe.ts';
import { type Playground, startPlayground } from './playground.ts';

const WIDE = { viewport: { width: 1440, height: 900 } };
const NARROW = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const MARKDOWN =
  '# One\n\nTwo `code`\n\n```js\nlet a;\n```\n\n| a | b |\n|---|---|\n| [c](https://a.example) | d |\n\n> e';

let playground: Playground;

beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground?.close());

interface State {
  readonly page: 'chat' | 'summarise' | 'rewrite' | 'assistant';
  readonly why: string;
  readonly reach: (page: Page) => Promise<unknown>;
}

const refuse = { code: 'model_busy', message: 'three are waiting' };
const later = { 'retry-after': '60' };

const states: readonly State[] = [
  { page: 'chat', why: 'empty', reach: async () => {} },
  {
    page: 'chat',
    why: 'settings',
    reach: (page) => page.click('#open-settings'),
  },
  {
    page: 'chat',
    why: 'waiting',
    async reach(page) {
      if (await page.isVisible('#close-settings')) await page.click('#close-settings');
      playground.server.script = (reply) => reply.left;
      await page.fill('#prompt', 'one');
      await page.press('#prompt', 'Enter');
      await page.waitForSelector('.waiting:visible');
    },
  },
  {
    page: 'chat',
    why: 'a reply',
    async reach(page) {
      await page.keyboard.press('Escape');
      playground.server.script = (reply) => {
        reply.say(MARKDOWN);
        reply.finish('stop', 9);
      };
      await page.click('.reply:last-child .tools [data-act=again]');
      await page.waitForSelector('.prose blockquote');
      await page.waitForSelector('#send:visible');
    },
  },
  {
    page: 'chat',
    why: 'refused',
    async reach(page) {
      playground.server.script = (reply) => reply.refuse(429, refuse, later);
      await page.click('.reply:last-child .tools [data-act=again]');
      await page.waitForSelector('.notice:visible');
    },
  },
  ...(['summarise', 'rewrite'] as const).flatMap((name): State[] => [
    { page: name, why: 'empty', reach: async () => {} },
    {
      page: name,
      why: 'running',
      async reach(page) {
        playground.server.tasks.script = (run) => {
          run.progress('map', 1, 3);
          return run.left;
        };
        await page.click(`#${name} [data-act=sample]`);
        await page.click(`#${name} [type=submit]`);
        await page.waitForSelector(`#${name} progress:visible`);
      },
    },
    {
      page: name,
      why: 'done',
      async reach(page) {
        await page.keyboard.press('Escape');
        playground.server.tasks.script = (run) => {
          run.say(MARKDOWN);
          run.complete({ summary: MARKDOWN, text: MARKDOWN, parts: 2 });
        };
        await page.click(`#${name} [type=submit]`);
        await page.waitForSelector(`#${name} .status:has-text("tokens")`);
      },
    },
    {
      page: name,
      why: 'as curl',
      reach: (page) => page.click(`#${name} [data-act=curl]`),
    },
    {
      page: name,
      why: 'refused',
      async reach(page) {
        await page.keyboard.press('Escape');
        playground.server.tasks.script = (run) => run.refuse(429, refuse, later);
        await page.click(`#${name} [type=submit]`);
        await page.waitForSelector(`#${name} .notice:visible`);
      },
    },
    {
      page: name,
      why: 'a key is asked for',
      async reach(page) {
        playground.server.key = 'k';
        await page.click(`#${name} [type=submit]`);
        await page.waitForSelector('#key-dialog:modal');
        await page.fill('#key', 'not this one');
        await page.keyboard.press('Enter');
        await page.waitForSelector('#key-fault:visible');
        playground.server.key = undefined;
      },
    },
  ]),
  {
    page: 'assistant',
    why: 'empty',
    async reach() {
      const { todos, events } = playground.server.tasks;
      for (const list of [todos, events]) list.length = 0;
      todos.push(
        { id: 'a', title: 'Buy oats', done: false, due: '2020-01-01' },
        { id: 'b', title: 'Sow', done: true },
      );
      const event = { id: 'c', title: 'Dentist', location: 'Room 2' };
      events.push({ ...event, start: '2099-01-02T09:00:00Z', end: '2099-01-02T10:00:00Z' });
      events.push({ ...event, start: '2020-01-02T09:00:00Z', end: '2020-01-02T10:00:00Z' });
    },
  },
  {
    page: 'assistant',
    why: 'at it',
    async reach(page) {
      playground.server.tasks.script = (run) => {
        for (const id of ['1', '2', '3'])
          run.step({ type: 'tool_call', id, name: 'add_todo', arguments: { title: 'Buy oats' } });
        run.step({ type: 'tool_result', id: '1', ok: true, result: { added: {} } });
        run.step({ type: 'tool_result', id: '2', ok: false, result: 'no' });
        return run.left;
      };
      await page.fill('#assistant-prompt', 'one');
      await page.press('#assistant-prompt', 'Enter');
      await page.waitForSelector('.step[data-state=failed]');
      await page.click('.step summary');
    },
  },
  {
    page: 'assistant',
    why: 'asking back',
    async reach(page) {
      await page.keyboard.press('Escape');
      playground.server.tasks.script = (run) => {
        const step = { type: 'confirmation', name: 'delete_todo', arguments: {} };
        const steps = ['1', '2'].map((id) => ({ ...step, id, question: `Delete ${id}?` }));
        run.complete({ steps, message: MARKDOWN, status: 'needs_confirmation' });
      };
      await page.fill('#assistant-prompt', 'two');
      await page.press('#assistant-prompt', 'Enter');
      await page.waitForSelector('.asking:visible');
    },
  },
  {
    page: 'assistant',
    why: 'to-dos and calendar',
    async reach(page) {
      if (await page.isVisible('.switch')) await page.click('.switch label:nth-of-type(2)');
      await page.click('#past summary');
    },
  },
  { page: 'assistant', why: 'a to-do changed', reach: (page) => page.click('#todos button >> nth=0') },
  {
    page: 'assistant',
    why: 'an event added',
    async reach(page) {
      await page.keyboard.press('Escape');
      await page.click('#new-event');
      await page.click('#event-dialog [type=submit]');
      await page.waitForSelector('#event-dialog .fault:visible');
    },
  },
];

const looks = [
  { look: 'light, on a desktop', options: { ...WIDE, colorScheme: 'light' } },
  { look: 'dark, on a phone', options: { ...NARROW, colorScheme: 'dark' } },
] as const;

test.each(looks)('axe finds nothing wrong: $look', { timeout: 240_000 }, async ({ options }) => {
  const { page, close } = await playground.open(options);
  const found: string[] = [];
  let at = 'chat';
  for (const state of states) {
    if (state.page !== at) {
      await page.goto('about:blank');
      await page.goto(`${playground.server.url}/#/${state.page}`);
      await page.waitForSelector('#model:enabled');
    }
    at = state.page;
    await state.reach(page);
    for (const violation of await violations(page)) found.push(`${state.page}, ${state.why}: ${violation}`);
    for (const fault of await page.evaluate(misplaced)) found.push(`${state.page}, ${state.why}: ${fault}`);
  }
  expect(found).toEqual([]);
  await close();
});

/** What is wider or higher than the screen without a scroller of its own, and parts of a page that lie on each other. */
function misplaced(): string[] {
  const { scrollWidth, scrollHeight } = document.documentElement;
  const page = document.querySelector('main:not([hidden])')!;
  const boxes = [...page.children].filter((part) => part.checkVisibility() && !part.matches('.quiet'));
  const overlaps = boxes.flatMap((part, i) => {
    const a = part.getBoundingClientRect();
    return boxes.slice(i + 1).flatMap((other) => {
      const b = other.getBoundingClientRect();
      const apart =
        a.bottom <= b.top + 1 || b.bottom <= a.top + 1 || a.right <= b.left + 1 || b.right <= a.left + 1;
      return apart ? [] : [`${part.className} lies on ${other.className}`];
    });
  });
  return [
    ...(scrollWidth > innerWidth ? [`${scrollWidth} px wide`] : []),
    ...(scrollHeight > innerHeight ? [`${scrollHeight} px high`] : []),
    ...overlaps,
  ];
}
