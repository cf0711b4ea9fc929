import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { rewrite, summary } from '../support/fake-tasks.ts';
import { gate, type Playground, startPlayground } from './playground.ts';

let playground: Playground;

beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground?.close());
beforeEach(() => {
  playground.server.tasks.asked.length = 0;
  playground.server.tasks.script = summary('A short one.');
});

const asked = () => playground.server.tasks.asked;
const done = (name: string) => `#${name} .result[data-state=done]`;

describe('summarise', () => {
  test('sends the text and the choices, and shows what comes of it with its figures', async () => {
    const { page, complaints, close } = await playground.open({}, 'summarise');
    expect(await page.isDisabled('#summarise [type=submit]')).toBe(true);
    await page.fill('#summarise-text', 'A long text.');
    await page.click('#summarise label:has-text("Bullets")');
    await page.click('#summarise label:has-text("Short")');
    await page.fill('#summarise-language', ' German ');
    playground.server.tasks.script = (run) => {
      run.say('- **one**\n', '- two');
      run.complete({ status: 'incomplete', summary: '- **one**\n- two', parts: 3 });
    };
    await page.click('#summarise [type=submit]');
    await page.waitForSelector(done('summarise'));
    expect(asked()).toEqual([
      {
        path: '/v1/tasks/summarize',
        body: {
          model: 'tiny',
          text: 'A long text.',
          length: 'short',
          style: 'bullets',
          language: 'German',
          stream: true,
        },
      },
    ]);
    expect(await page.innerHTML('#summarise .result-text li >> nth=0')).toBe('<strong>one</strong>');
    expect(await page.textContent('#summarise .status')).toMatch(
      /^\d+\.\d s · read in 3 parts · 42 tokens · cut at the token limit$/,
    );
    expect(complaints).toEqual([]);
    await close();
  });

  test('tells how far it is, each stage once to a screen reader', async () => {
    const { page, close } = await playground.open({}, 'summarise');
    const [more, end] = [gate(), gate()];
    playground.server.tasks.script = async (run) => {
      run.progress('read', 1, 1);
      for (let part = 0; part <= 2; part++) run.progress('map', part, 4);
      await more.promise;
      run.progress('reduce', 0, 1);
      await end.promise;
      run.say('It is ', 'short.');
      run.complete({ summary: 'It is short.', parts: 4 });
    };
    await page.evaluate(() => {
      const heard: string[] = [];
      Object.assign(globalThis, { heard });
      new MutationObserver(() => heard.push(document.querySelector('#announcer')!.textContent!)).observe(
        document.querySelector('#announcer')!,
        { childList: true },
      );
    });
    await page.fill('#summarise-text', 'A long text.');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('#summarise .status:has-text("Read 2 of 4 parts")');
    expect(await page.$eval('#summarise progress', (bar: HTMLProgressElement) => bar.position)).toBe(0.5);
    more.resolve();
    await page.waitForSelector('#summarise .status:has-text("Putting the parts together")');
    expect(await page.isVisible('#summarise progress')).toBe(false);
    end.resolve();
    await page.waitForSelector(done('summarise'));
    expect(await page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard)).toEqual([
      'Reading the text.',
      'Read 0 of 4 parts.',
      'Putting the parts together.',
      'Writing.',
      'The summary is ready. It is short.',
    ]);
    await close();
  });

  test.each(['Escape', 'the button'])('%s stops it, and what came stays', async (how) => {
    const { page, close } = await playground.open({}, 'summarise');
    const left = gate();
    playground.server.tasks.script = async (run) => {
      run.say('As far as this');
      await run.left;
      left.resolve();
    };
    await page.fill('#summarise-text', 'A long text.');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('#summarise .result-text:has-text("As far as this")');
    if (how === 'Escape') await page.keyboard.press('Escape');
    else await page.click('#summarise [data-act=stop]');
    await left.promise;
    await page.waitForSelector(done('summarise'));
    expect(await page.textContent('#summarise .status')).toMatch(/^Stopped after \d+\.\d s$/);
    expect(await page.isVisible('#summarise .notice')).toBe(false);
    expect(await page.isVisible('#summarise [type=submit]')).toBe(true);
    await close();
  });

  test('outlives a reload: the text, the choices and the summary', async () => {
    const { page, close } = await playground.open({}, 'summarise');
    await page.fill('#summarise-text', 'A long text.');
    await page.click('#summarise label:has-text("Headline")');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector(done('summarise'));
    const figures = await page.textContent('#summarise .status');
    await page.reload();
    expect(page.url()).toBe(`${playground.server.url}/#/summarise`);
    expect(await page.title()).toBe('Summarise · Cria');
    expect(await page.inputValue('#summarise-text')).toBe('A long text.');
    expect(await page.isChecked('#summarise [value=headline]')).toBe(true);
    expect(await page.isChecked('#summarise [value=medium]')).toBe(true);
    expect(await page.textContent('#summarise .result-text')).toBe('A short one.\n');
    expect(await page.textContent('#summarise .status')).toBe(figures);
    await close();
  });

  test('shows the request as curl, before it is made and after', async () => {
    const { page, close } = await playground.open({}, 'summarise');
    await page.fill('#summarise-text', "it's a text");
    await page.click('#summarise [data-act=curl]');
    const command = await page.inputValue('#curl-text');
    expect(command).toContain(`curl -N ${playground.server.url}/v1/tasks/summarize`);
    const json = command.slice(command.indexOf('{'), command.lastIndexOf('}') + 1).replaceAll("'\\''", "'");
    await page.keyboard.press('Escape');
    await page.click('#summarise [type=submit]');
    await page.waitForSelector(done('summarise'));
    expect(JSON.parse(json)).toEqual(asked()[0]!.body);
    await close();
  });
});

describe('a file', () => {
  const drop = (name: string, type: string, bytes: readonly number[]) => [{ name, type, bytes }] as const;
  const text = [...new TextEncoder().encode('Ein Text. ☃')];

  test.each([
    { why: 'plain text', file: drop('a.txt', 'text/plain', text) },
    { why: 'Markdown, whatever the system calls it', file: drop('a.MD', '', text) },
  ])('$why is read when it is dropped', async ({ file: [{ name, type, bytes }] }) => {
    const { page, close } = await playground.open({}, 'summarise');
    await page.evaluate(
      ([name, type, bytes]) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([Uint8Array.from(bytes)], name, { type }));
        const on = document.querySelector('#summarise h1')!;
        for (const kind of ['dragover', 'drop'])
          on.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
      },
      [name, type, bytes] as const,
    );
    await page.waitForSelector('#summarise-count:has-text("3 words, 11 characters")');
    expect(await page.inputValue('#summarise-text')).toBe('Ein Text. ☃');
    expect(await page.locator('.dropping').count()).toBe(0);
    await close();
  });

  test.each([
    {
      why: 'another kind',
      name: 'a.pdf',
      mimeType: 'application/pdf',
      bytes: Buffer.alloc(9, 0xff),
      says: 'a.pdf is not a .txt or .md file.',
    },
    {
      why: 'bytes that are no UTF-8',
      name: 'a.txt',
      mimeType: 'text/plain',
      bytes: Buffer.alloc(9, 0xff),
      says: 'a.txt is not text in UTF-8.',
    },
    {
      why: 'too much',
      name: 'a.md',
      mimeType: '',
      bytes: Buffer.alloc(3_000_000),
      says: 'a.md has 3000 kB. At most 900 kB can be read.',
    },
    {
      why: 'more characters than the server takes',
      name: 'a.md',
      mimeType: '',
      bytes: Buffer.alloc(500_001, 'a'),
      says: 'a.md has 500,001 characters. At most 500,000 can be read.',
    },
  ])('of $why is refused in words', async ({ name, mimeType, bytes, says }) => {
    const { page, close } = await playground.open({}, 'summarise');
    await page.fill('#summarise-text', 'kept');
    await page.setInputFiles('#summarise input[type=file]', {
      name,
      mimeType,
      buffer: bytes,
    });
    await page.waitForSelector(`#summarise .fault:text-is("${says}")`);
    expect(await page.inputValue('#summarise-text')).toBe('kept');
    await close();
  });
});

test('a 429 says when to try again, in minutes where it is long', async () => {
  const { page, close } = await playground.open({}, 'rewrite');
  playground.server.tasks.script = (run) =>
    run.refuse(
      429,
      { code: 'rate_limit_exceeded', message: '60 requests a minute' },
      { 'retry-after': '900' },
    );
  await page.fill('#rewrite-text', 'A text');
  await page.click('#rewrite [type=submit]');
  await page.waitForSelector('#rewrite .notice button:text-is("Try again in 15 min")');
  expect(await page.textContent('#rewrite .notice p')).toBe(
    'That is all for the moment. 60 requests a minute.',
  );
  expect(await page.isDisabled('#rewrite .notice button')).toBe(true);
  await close();
});

test('a text of 100 kB streams back with no shift of what is there, and no long halt', async () => {
  const words = Array.from({ length: 16_000 }, (_, i) => (i % 12 === 0 ? `word${i}.\n` : `word${i} `));
  const { page, close } = await playground.open({}, 'rewrite');
  const start = gate();
  playground.server.tasks.script = async (run) => {
    await start.promise;
    for (let i = 0; i < words.length; i += 50) {
      run.say(words.slice(i, i + 50).join(''));
      await new Promise((turn) => setTimeout(turn, 2));
    }
    run.complete({ status: 'completed', text: words.join('').replace('word777', 'changed') });
  };
  await page.fill('#rewrite-text', words.join(''));
  await page.waitForSelector('#rewrite-count:has-text("16,000 words")');
  await page.click('#rewrite [type=submit]');
  await page.evaluate(() => {
    const seen = { shift: 0, frames: 0 };
    Object.assign(globalThis, { seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.shift += (entry as unknown as { value: number }).value;
    }).observe({ type: 'layout-shift' });
    const frame = () => {
      seen.frames++;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await page.waitForTimeout(600); // shifts within half a second of a click are not counted
  start.resolve();
  await page.waitForSelector(done('rewrite'));
  const seen = await page.evaluate(
    () => (globalThis as unknown as { seen: { shift: number; frames: number } }).seen,
  );
  expect(seen.shift).toBe(0);
  expect(seen.frames).toBeGreaterThan(10); // it was drawn all along
  expect(await page.textContent('#rewrite del')).toBe('word777');
  await close();
});

describe('hostile text', () => {
  const attack =
    '<img src=x onerror=alert(1)><script>alert(2)</script>\n\n[l](javascript:alert(3)) ![p](https://evil.example/p.png)';

  test('does nothing, in any field', async () => {
    const { page, complaints, close } = await playground.open({}, 'summarise');
    const dialogs: string[] = [];
    const outside: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(playground.server.url)) outside.push(request.url());
    });

    for (const [name, script] of [
      ['summarise', summary(...attack)],
      ['rewrite', rewrite(attack)],
    ] as const) {
      await page.goto(`${playground.server.url}/#/${name}`);
      for (const field of await page.locator(`#${name} :is(textarea, input[type=text])`).all())
        await field.fill(attack.replaceAll('\n', ' '));
      if (name === 'rewrite') await page.fill('#rewrite-language', '');
      playground.server.tasks.script = script;
      await page.click(`#${name} [type=submit]`);
      await page.waitForSelector(done(name));
      playground.server.tasks.script = (run) => run.refuse(400, { code: attack, message: attack });
      await page.click(`#${name} [type=submit]`);
      await page.waitForSelector(`#${name} .notice:visible`);
      expect(await page.textContent(`#${name} .notice`)).toContain('<script>alert(2)</script>');
      await page.reload();
    }
    const bad = ':is(script:not([src="main.js"]), iframe, [onerror], [onload], img:not([src="mark.svg"]))';
    expect(await page.locator(`body ${bad}`).count()).toBe(0);
    expect({ dialogs, outside, complaints }).toEqual({ dialogs: [], outside: [], complaints: [] });
    await close();
  });
});
