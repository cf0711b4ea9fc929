import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { gate, type Playground, startPlayground } from './playground.ts';

const MAX_GZ_BYTES = 60_000;
const AA_TEXT = 4.5; // WCAG 2.2, 1.4.3
const AA_EDGE = 3; // WCAG 2.2, 1.4.11
const MIN_TARGET_PX = 24; // WCAG 2.2, 2.5.8
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

const REPLY = [
  'Text with `code`, a [link](https://a.example/) and a wooooooooooooooooooooooooooooooooooooooooooooooooord.',
  '```python\nprint("a line of code that is far too long for the screen of a phone, and then some more of it")\n```',
  '| one | two | three | four | five | six |\n|---|---|---|---|---|---|\n| aaaaaaaa | bbbbbbbb | cccccccc | dddddddd | eeeeeeee | ffffffff |',
  '> quoted',
].join('\n\n');

let playground: Playground;

beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground?.close());
beforeEach(() => {
  playground.server.script = (reply) => {
    reply.say(REPLY);
    reply.finish('stop', 60);
  };
});

/** The contrast of an element's text with what lies behind it, or of its edge with what lies around it. */
function contrast(page: Page, selector: string, of: 'text' | 'placeholder' | 'edge'): Promise<number> {
  return page.$eval(
    selector,
    (element, kind) => {
      const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
      const rgba = (color: string) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
      };
      const behind = (from: Element | null): number[] => {
        for (let at = from; at; at = at.parentElement) {
          const color = rgba(getComputedStyle(at).backgroundColor);
          if (color[3] === 255) return color;
        }
        return [255, 255, 255];
      };
      const luminance = (color: readonly number[]) => {
        const [r, g, b] = color.slice(0, 3).map((c) => {
          const s = c / 255;
          return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
      };
      const style = getComputedStyle(element, kind === 'placeholder' ? '::placeholder' : null);
      const front = rgba(kind === 'edge' ? style.borderTopColor : style.color);
      const back = behind(kind === 'edge' ? element.parentElement : element);
      const [light, dark] = [luminance(front), luminance(back)].sort((a, b) => b - a);
      return (light! + 0.05) / (dark! + 0.05);
    },
    of,
  );
}

describe.each(['light', 'dark'] as const)('in the %s scheme', (colorScheme) => {
  test('text and edges stand out enough', async () => {
    const { page, send, settled, close } = await playground.open({ colorScheme });
    const low: string[] = [];
    const check = async (selector: string, of: 'text' | 'placeholder' | 'edge') => {
      const ratio = await contrast(page, selector, of);
      if (ratio < (of === 'edge' ? AA_EDGE : AA_TEXT)) low.push(`${of} of ${selector}: ${ratio.toFixed(2)}`);
    };

    for (const selector of [
      '.welcome h2',
      '#statement',
      '.examples span',
      '.brand',
      '#model',
      '#new-chat',
      '.footnote',
    ])
      await check(selector, 'text');
    await check('#prompt', 'placeholder');
    await check('#composer', 'edge');

    await page.click('#open-settings');
    for (const selector of [
      '#settings label',
      '#settings output',
      '#settings small',
      '#reset-settings',
      '#max-tokens',
    ])
      await check(selector, 'text');
    await check('#seed', 'placeholder');
    await check('#seed', 'edge');
    await page.click('#close-settings');

    await send('one');
    await settled();
    const ofReply = ['p', 'a', 'code', 'pre code', 'figcaption', 'blockquote', 'td'].map(
      (tag) => `.prose ${tag}`,
    );
    for (const selector of [...ofReply, '.words', '.figures', '.tool[data-act=curl]'])
      await check(selector, 'text');

    playground.server.script = (r) => r.refuse(429, { message: 'busy' }, { 'retry-after': '900' });
    await send('two');
    await page.waitForSelector('.notice:visible');
    for (const selector of ['.notice strong', '.notice span', '.notice button']) {
      await check(`.reply:last-child ${selector}`, 'text');
    }
    expect(low).toEqual([]);
    await close();
  });
});

test('the dark scheme is dark, and the light one light', async () => {
  const paper = async (colorScheme: 'light' | 'dark') => {
    const { page, close } = await playground.open({ colorScheme });
    const color = await page.$eval('body', (body) => getComputedStyle(body).backgroundColor);
    await close();
    return Math.max(...color.match(/\d+/g)!.map(Number));
  };
  expect(await paper('dark')).toBeLessThan(48);
  expect(await paper('light')).toBeGreaterThan(224);
});

test('every control has a name', async () => {
  const { page, send, settled, close } = await playground.open();
  await send('one');
  await settled();
  await page.click('#open-settings');
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  const controls = nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name }) => ({ role: String(role?.value), name: String(name?.value ?? '').trim() }))
    .filter(({ role }) =>
      /^(button|textbox|combobox|slider|spinbutton|link|dialog|main|region|img|image)$/.test(role),
    );

  expect(controls.filter(({ name }) => name === '')).toEqual([]);
  expect(controls).toEqual(
    expect.arrayContaining([
      { role: 'textbox', name: 'Your message' },
      { role: 'combobox', name: 'Model' },
      { role: 'button', name: 'Send' },
      { role: 'button', name: 'Edit your message' },
      { role: 'button', name: 'Copy reply' },
      { role: 'button', name: 'Regenerate reply' },
      { role: 'dialog', name: 'Settings' },
      { role: 'textbox', name: 'System prompt' },
      { role: 'slider', name: 'Temperature' },
      { role: 'slider', name: 'Top p' },
      { role: 'spinbutton', name: 'Max tokens' },
      { role: 'spinbutton', name: 'Seed' },
    ]),
  );
  await close();
});

test('a reply is announced once it is whole, politely', async () => {
  const { page, send, settled, close } = await playground.open();
  const end = gate();
  playground.server.script = async (r) => {
    r.say('Hello ', 'there');
    await end.promise;
    r.finish('stop', 2);
  };
  await send('one');
  await page.waitForSelector('.prose:has-text("Hello there")');
  expect(await page.textContent('#announcer[aria-live=polite]')).toBe('Cria is replying.');
  end.resolve();
  await settled();
  expect((await page.textContent('#announcer'))!.trim()).toBe('Cria replied: Hello there');
  await close();
});

const STOPS = [
  'skip',
  'brand',
  'Chat',
  'Summarise',
  'Rewrite',
  'Assistant',
  'model',
  'new-chat',
  'open-settings',
  'scroller',
  'Explain',
  'Write',
  'Code',
];

test('the keyboard reaches everything, in order, and shows where it is', async () => {
  const { page, close } = await playground.open();
  const stops: string[] = [];
  await page.focus('#prompt'); // the last stop, while there is nothing to send
  await page.keyboard.press('Tab');
  for (let i = 0; i < STOPS.length; i++) {
    await page.keyboard.press('Tab');
    stops.push(
      await page.evaluate(() => {
        const at = document.activeElement!;
        const ring = getComputedStyle(at.id === 'prompt' ? at.closest('form')! : at);
        const shown = ring.outlineStyle === 'solid' || ring.boxShadow.includes('0px 0px 0px 1px');
        return `${at.id || at.className || (at.querySelector('strong') ?? at).textContent}${shown ? '' : ' (no ring)'}`;
      }),
    );
  }
  expect(stops).toEqual(STOPS);
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement!.id)).toBe('prompt');
  expect(await page.$eval('#composer', (form) => getComputedStyle(form).boxShadow)).toContain(
    '0px 0px 0px 1px',
  );
  await close();
});

const TASK_STOPS: Readonly<Record<string, readonly string[]>> = {
  summarise: [
    ...['Try a sample', 'Open a file', 'summarise-text', 'medium', 'paragraph', 'summarise-language'],
    ...['Summarise', 'curl'],
  ],
  rewrite: [
    ...['Try a sample', 'Open a file', 'rewrite-text', 'same', 'rewrite-tone', 'rewrite-audience'],
    ...['rewrite-language', 'on', 'Rewrite', 'curl'],
  ],
  assistant: [
    ...['assistant-scroller', 'RememberRemind me to buy oats for the llamas tomorrow.'],
    ...['PlanFind an hour for the dentist on Friday and put it in my calendar.'],
    ...['LookWhat is still to do this week?', 'assistant-prompt'],
    ...['on', 'Change Buy oats', 'new-todo', 'Add the to-do', 'download-calendar', 'new-event'],
  ],
};

test.each(Object.entries(TASK_STOPS))(
  'the keyboard goes through %s and out again',
  async (name, expected) => {
    playground.server.tasks.todos.push({ id: 'a', title: 'Buy oats', done: false });
    const { page, close } = await playground.open({}, name);
    if (name === 'assistant') await page.waitForSelector('#todos li');
    else await page.fill(`#${name}-text`, 'A text');
    await page.focus('#open-settings');
    const stops: string[] = [];
    for (const _ of expected) {
      await page.keyboard.press('Tab');
      stops.push(
        await page.evaluate(() => {
          const at = document.activeElement as HTMLInputElement;
          const around = at.closest('.composer, .add, .source:has(textarea:focus)') ?? at;
          const ringed = [at, around, at.nextElementSibling ?? at].map((element) =>
            getComputedStyle(element),
          );
          const shown = ringed.some(
            ({ outlineStyle, boxShadow }) => outlineStyle === 'solid' || /0px 0px 0px [12]px/.test(boxShadow),
          );
          return `${at.id || at.value || at.textContent!.trim()}${shown ? '' : ' (no ring)'}`;
        }),
      );
    }
    expect(stops).toEqual(expected);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement!.closest('main'))).toBeNull(); // no trap
    playground.server.tasks.todos.length = 0;
    await close();
  },
);

test('nothing moves for a reader who asks for that', async () => {
  playground.server.script = (r) => r.left; // says nothing: the page waits
  const moving = async (reducedMotion: 'reduce' | 'no-preference') => {
    const { page, send, close } = await playground.open({ reducedMotion });
    await send('one');
    await page.waitForSelector('.waiting:visible');
    const count = await page.evaluate(() => document.getAnimations().length);
    await close();
    return count;
  };
  expect(await moving('no-preference')).toBeGreaterThan(0);
  expect(await moving('reduce')).toBe(0);
});

describe('on a phone', () => {
  const widths = (page: Page) =>
    page.evaluate(() => ({
      page: document.documentElement.scrollWidth,
      chat: document.querySelector('#scroller')!.scrollWidth,
    }));

  test('nothing is wider than the screen, and wide code scrolls by itself', async () => {
    const before = playground.server.models;
    playground.server.models = [{ id: 'meta-llama/Llama-3.2-11B-Vision-Instruct-with-a-long-name' }];
    const { page, send, settled, close } = await playground.open(PHONE);
    expect(await widths(page)).toEqual({ page: 390, chat: 390 });
    await send('A message with one veryveryveryveryveryveryveryveryveryveryveryveryveryverylongword in it');
    await settled();
    expect(await widths(page)).toEqual({ page: 390, chat: 390 });
    expect(await page.$eval('.prose pre', (pre) => pre.scrollWidth > pre.clientWidth)).toBe(true);
    const past = await page.$$eval('body *:not(pre *, .table *, .quiet, .skip, svg *)', (all) =>
      all
        .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > 390.5)
        .map((e) => e.outerHTML.slice(0, 80)),
    );
    expect(past).toEqual([]);
    playground.server.models = before;
    await close();
  });

  test('settings cover the chat as a sheet, and close by Escape', async () => {
    const { page, close } = await playground.open(PHONE);
    await page.click('#open-settings');
    expect(await page.$eval('#settings', (dialog) => dialog.matches(':modal'))).toBe(true);
    expect(await widths(page)).toEqual({ page: 390, chat: 390 });
    await page.keyboard.press('Escape');
    expect(await page.isVisible('#settings')).toBe(false);
    expect(await page.evaluate(() => document.activeElement!.id)).toBe('open-settings');
    await close();
  });

  test('every button is large enough for a finger', async () => {
    const { page, send, settled, close } = await playground.open(PHONE);
    await send('one');
    await settled();
    const small = await page.$$eval(
      'button, select',
      (all, least) =>
        all
          .map((e) => ({ name: e.textContent!.trim(), box: e.getBoundingClientRect() }))
          .filter(({ box }) => box.width > 0 && Math.min(box.width, box.height) < least),
      MIN_TARGET_PX,
    );
    expect(small).toEqual([]);
    await close();
  });
});

describe('what is served', () => {
  test('is small, whole and our own', async () => {
    const files = await readdir(playground.folder);
    expect(files.toSorted()).toEqual([
      '_headers',
      'favicon.svg',
      'index.html',
      'main.js',
      'mark.svg',
      'style.css',
    ]);
    const sizes = await Promise.all(
      files.map(async (f) => gzipSync(await readFile(join(playground.folder, f))).length),
    );
    expect(sizes.reduce((a, b) => a + b)).toBeLessThan(MAX_GZ_BYTES);
  });

  test('holds no <!-- include --> that was not filled in', async () => {
    const html = await readFile(join(playground.folder, 'index.html'), 'utf8');
    expect(html).not.toContain('<!-- include');
    expect(html.match(/<main\b/g)!.length).toBe(html.match(/href="#\/\w+"(?! aria-label)/g)!.length);
  });

  test('has a strict policy, and nothing inline for it to forbid', async () => {
    const html = await readFile(join(playground.folder, 'index.html'), 'utf8');
    expect(html).toContain(
      `content="default-src 'self'; connect-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'"`,
    );
    expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|https?:/i);
  });
});
