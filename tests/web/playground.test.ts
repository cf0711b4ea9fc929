import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { gate, type Playground, startPlayground } from './playground.ts';

let playground: Playground;

beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground?.close());
beforeEach(() => {
  playground.server.asked.length = 0;
  playground.server.script = (reply) => {
    reply.say('Reply ', `${playground.server.asked.length}`);
    reply.finish('stop', 5);
  };
});

const contents = (index: number) =>
  playground.server.asked.at(index)?.messages.map(({ role, content }) => `${role}: ${content}`);

describe('a chat', () => {
  test('sends what was said before, and shows figures from the usage', async () => {
    const { page, send, settled, reply, complaints, close } = await playground.open();
    await send('one');
    await settled();
    expect(await reply()).toBe('Reply 1\n');
    expect(await page.textContent('.reply:last-child .figures')).toMatch(/first token \d+ ms · 5 tokens$/);

    await send('two');
    await settled();
    expect(playground.server.asked[0]).toEqual({
      model: 'tiny',
      messages: [{ role: 'user', content: 'one' }],
      temperature: 0.7,
      top_p: 0.95,
      max_tokens: 512,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(contents(1)).toEqual(['user: one', 'assistant: Reply 1', 'user: two']);
    expect(complaints).toEqual([]);
    await close();
  });

  test('shows words as they come, and leaves finished blocks alone', async () => {
    const { page, send, settled, close } = await playground.open();
    const more = gate();
    playground.server.script = async (reply) => {
      reply.say('First **block**\n\n', 'Sec');
      await more.promise;
      reply.say('ond');
      reply.finish('length', 4);
    };
    await send('go');
    await page.waitForSelector('.prose p:nth-of-type(2):text("Sec")');
    expect(await page.isVisible('#stop')).toBe(true);
    expect(await page.isVisible('#send')).toBe(false);
    const first = await page.$('.prose p');

    more.resolve();
    await settled();
    expect(await first!.evaluate((node) => node.isConnected && node.innerHTML)).toBe(
      'First <strong>block</strong>',
    );
    expect(await page.textContent('.prose p:nth-of-type(2)')).toBe('Second');
    expect(await page.textContent('.figures')).toContain('cut at the token limit');
    expect(await page.isVisible('#send')).toBe(true);
    await close();
  });

  test('starts from an example', async () => {
    const { page, settled, close } = await playground.open();
    await page.click('.examples li:nth-child(2) button');
    await settled();
    expect(contents(0)![0]).toMatch(/^user: Write a short poem about a baby llama/);
    expect(await page.isVisible('#welcome')).toBe(false);
    await close();
  });

  test('outlives a reload, settings and half a reply included', async () => {
    const { page, send, settled, reply, close } = await playground.open();
    await page.click('#open-settings');
    await page.fill('#seed', '7');
    await send('one');
    await settled();
    playground.server.script = (r) => r.say('Half a **reply**');
    await send('two');
    await page.waitForSelector('.reply:last-child strong');

    await page.reload();
    await page.waitForSelector('#model:enabled');
    expect(await page.locator('.words').allTextContents()).toEqual(['one', 'two']);
    expect(await reply()).toBe('Half a reply\n');
    expect(await page.textContent('.reply:last-child .figures')).toMatch(/stopped$/);
    expect(await page.isVisible('.notice')).toBe(false);
    expect(await page.inputValue('#seed')).toBe('7');
    expect(await page.isVisible('#send')).toBe(true);
    await close();
  });

  test('is forgotten by "New chat", even in the middle of a reply', async () => {
    const { page, send, close } = await playground.open();
    const left = gate();
    playground.server.script = async (r) => {
      r.say('Half');
      await r.left;
      left.resolve();
    };
    await send('one');
    await page.waitForSelector('.prose p');
    await page.click('#new-chat');
    await left.promise;
    expect(await page.locator('.turn').count()).toBe(0);
    expect(await page.isVisible('#welcome')).toBe(true);
    expect(await page.isVisible('#send')).toBe(true);
    await page.reload();
    expect(await page.locator('.turn').count()).toBe(0);
    await close();
  });
});

describe('stopping', () => {
  test.each(['button', 'Escape'])('by %s ends the request and keeps what was said', async (how) => {
    const { page, send, settled, reply, close } = await playground.open();
    const left = gate();
    playground.server.script = async (r) => {
      r.say('As far as this');
      await r.left;
      left.resolve();
    };
    await send('go');
    await page.waitForSelector('.prose p');
    if (how === 'button') await page.click('#stop');
    else await page.keyboard.press('Escape');
    await left.promise;
    await settled();
    expect(await reply()).toBe('As far as this\n');
    expect(await page.textContent('.figures')).toMatch(/≈ 1 token · stopped$/);
    expect(await page.isVisible('.notice')).toBe(false);

    playground.server.script = (r) => r.finish('stop', 1);
    await send('and then?');
    await settled();
    expect(contents(1)).toEqual(['user: go', 'assistant: As far as this', 'user: and then?']);
    await close();
  });
});

describe('changing the last exchange', () => {
  test('regenerate asks the same again', async () => {
    const { page, send, settled, reply, close } = await playground.open();
    await send('one');
    await settled();
    await send('two');
    await settled();
    await page.click('.reply:last-child .tools [data-act=again]');
    await page.waitForSelector('.reply:last-child .prose:has-text("Reply 3")');
    await settled();
    expect(playground.server.asked[2]).toEqual(playground.server.asked[1]);
    expect(await page.locator('.reply').count()).toBe(2);
    expect(await reply()).toBe('Reply 3\n');
    await close();
  });

  test('edit puts the message in the box, and replaces it when sent', async () => {
    const { page, send, settled, close } = await playground.open();
    await send('one');
    await settled();
    await send('twwo');
    await settled();
    await page.click('.user:nth-last-child(2) [data-act=edit]');
    expect(await page.inputValue('#prompt')).toBe('twwo');
    expect(await page.isVisible('#editing')).toBe(true);

    await send('two');
    await page.waitForSelector('.reply:last-child .prose:has-text("Reply 3")');
    expect(await page.locator('.words').allTextContents()).toEqual(['one', 'two']);
    expect(contents(2)).toEqual(['user: one', 'assistant: Reply 1', 'user: two']);
    expect(await page.isVisible('#editing')).toBe(false);
    await close();
  });

  test('ArrowUp in an empty box edits, Escape leaves it be', async () => {
    const { page, send, settled, close } = await playground.open();
    await send('one');
    await settled();
    await page.press('#prompt', 'ArrowUp');
    expect(await page.inputValue('#prompt')).toBe('one');
    await page.press('#prompt', 'Escape');
    expect(await page.inputValue('#prompt')).toBe('');
    expect(await page.isVisible('#editing')).toBe(false);
    expect(await page.locator('.words').allTextContents()).toEqual(['one']);
    await close();
  });
});

describe('the message box', () => {
  test('takes Shift+Enter for a line, and Enter in an input method for a choice', async () => {
    const { page, settled, close } = await playground.open();
    await page.fill('#prompt', 'one');
    await page.press('#prompt', 'Shift+Enter');
    await page.keyboard.type('two');
    await page.$eval('#prompt', (box) =>
      box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, cancelable: true })),
    );
    expect(playground.server.asked).toHaveLength(0);
    await page.keyboard.press('Enter');
    await settled();
    expect(contents(0)).toEqual(['user: one\ntwo']);
    await close();
  });

  test('sends nothing when empty, and only one message at a time', async () => {
    const { page, send, settled, close } = await playground.open();
    const end = gate();
    playground.server.script = async (r) => {
      r.say('Slow');
      await end.promise;
      r.finish('stop', 1);
    };
    await page.press('#prompt', 'Enter');
    await send('   ');
    await send('one');
    await page.waitForSelector('.prose p');
    await send('two');
    expect(await page.inputValue('#prompt')).toBe('two'); // kept for later
    end.resolve();
    await settled();
    expect(playground.server.asked).toHaveLength(1);
    await close();
  });
});

describe('settings', () => {
  test('reach the request, and go back to the defaults', async () => {
    const { page, send, settled, close } = await playground.open();
    await page.click('#open-settings');
    await page.fill('#system', 'Be brief.');
    await page.fill('#temperature', '0');
    await page.fill('#top-p', '0.5');
    await page.fill('#max-tokens', '');
    await page.fill('#seed', '0');
    await send('one');
    await settled();
    expect(playground.server.asked[0]).toEqual({
      model: 'tiny',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'one' },
      ],
      temperature: 0,
      top_p: 0.5,
      seed: 0,
      stream: true,
      stream_options: { include_usage: true },
    });

    await page.click('#reset-settings');
    await send('two');
    await settled();
    expect(playground.server.asked[1]).toMatchObject({ temperature: 0.7, top_p: 0.95, max_tokens: 512 });
    expect(contents(1)![0]).toBe('user: one');
    await close();
  });

  test('choose the model, which brings its own notices', async () => {
    const tiny = playground.server.models;
    playground.server.models = [...tiny, { id: 'meta-llama/Llama-3.2-1B-Instruct' }];
    const { page, send, settled, close } = await playground.open();
    expect(await page.textContent('#statement')).toBe('tiny answers here, with room for 2,048 tokens.');
    expect(await page.textContent('#licence')).toBe('Model licence: Apache-2.0.');

    await page.selectOption('#model', 'meta-llama/Llama-3.2-1B-Instruct');
    expect(await page.textContent('#statement')).toBe('Llama-3.2-1B-Instruct answers here.');
    expect(await page.textContent('#licence')).toBe('Built with Llama.');
    await page.reload();
    await page.waitForSelector('#model:enabled');
    await send('one');
    await settled();
    expect(playground.server.asked[0]!.model).toBe('meta-llama/Llama-3.2-1B-Instruct');
    playground.server.models = tiny;
    await close();
  });
});

describe('copying', () => {
  test('curl shows the request that made the reply', async () => {
    const { page, send, settled, close } = await playground.open();
    await send("it's one");
    await settled();
    await send('two');
    await settled();
    await page.click('.reply:nth-child(2) [data-act=curl]');
    const command = await page.inputValue('#curl-text');
    expect(command).toContain(`curl -N ${playground.server.url}/v1/chat/completions`);
    const json = command.slice(command.indexOf('{'), command.lastIndexOf('}') + 1).replaceAll("'\\''", "'");
    expect(JSON.parse(json)).toEqual(playground.server.asked[0]);
    await page.keyboard.press('Escape');
    expect(await page.isVisible('#curl')).toBe(false);
    await close();
  });

  test('code and replies go to the clipboard as they were written', async () => {
    const { page, send, settled, close } = await playground.open({
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const markdown = 'See:\n\n```js\nif (a < b && c) {}\n```\n';
    playground.server.script = (r) => {
      r.say(markdown);
      r.finish('stop', 9);
    };
    await send('one');
    await settled();
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
    await page.click('[data-act=copy-code]');
    await page.waitForSelector('[data-act=copy-code]:has-text("Copied")');
    expect(await clipboard()).toBe('if (a < b && c) {}\n');
    await page.click('[data-act=copy]');
    await page.waitForSelector('[data-act=copy]:has-text("Copied")');
    expect(await clipboard()).toBe(markdown);
    await page.waitForSelector('[data-act=copy-code] span:text-is("Copy")'); // and the label comes back
    await close();
  });
});

describe('scrolling', () => {
  const lines = Array.from({ length: 80 }, (_, i) => `Line ${i}\n\n`);

  test('follows a reader at the bottom, and lets one who has scrolled up read', async () => {
    const { page, send, settled, close } = await playground.open();
    const more = gate();
    const last = gate();
    playground.server.script = async (r) => {
      r.say(...lines);
      await more.promise;
      r.say(...lines, 'Second part');
      await last.promise;
      r.finish('stop', 200);
    };
    const gap = () => page.$eval('#scroller', (s) => s.scrollHeight - s.scrollTop - s.clientHeight);
    await send('go');
    await page.waitForSelector('.prose p:text-is("Line 79")');
    await page.waitForFunction(() => {
      const s = document.querySelector('#scroller')!;
      return s.scrollTop > 0 && s.scrollHeight - s.scrollTop - s.clientHeight < 2;
    });

    await page.$eval('#scroller', (s) => {
      s.scrollTop = 100;
    });
    await page.waitForSelector('#jump:visible');
    more.resolve();
    await page.waitForSelector('.prose p:text-is("Second part")');
    expect(await page.$eval('#scroller', (s) => s.scrollTop)).toBe(100);

    await page.click('#jump');
    expect(await gap()).toBeLessThan(2);
    expect(await page.isVisible('#jump')).toBe(false);
    last.resolve();
    await settled();
    expect(await gap()).toBeLessThan(2);
    await close();
  });
});
