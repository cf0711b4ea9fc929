import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Playground, startPlayground } from './playground.ts';

const KEY = 'cria_0123456789abcdef';

let playground: Playground;

beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground?.close());
beforeEach(() => {
  playground.server.paths.length = 0;
  playground.server.keys.length = 0;
  playground.server.script = (reply) => {
    reply.say('Hello');
    reply.finish('stop', 1);
  };
});
afterEach(() => {
  playground.server.key = undefined;
});

test('a server that wants a key is asked again with the one that is given, and nothing is lost', async () => {
  const { page, send, settled, reply, close } = await playground.open();
  playground.server.key = KEY;
  await send('one');
  await page.waitForSelector('#key-dialog:modal');
  expect(await page.evaluate(() => document.activeElement!.id)).toBe('key');

  await page.keyboard.type('two words');
  await page.keyboard.press('Enter');
  expect(await page.textContent('#key-fault')).toBe(
    'A key is letters, digits and signs, with no space between.',
  );
  await page.fill('#key', 'wrong');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#key-fault:text-is("The server does not know that key.")');
  await page.fill('#key', KEY);
  await page.keyboard.press('Enter');
  await settled();
  expect(await reply()).toBe('Hello\n');
  expect(await page.evaluate(() => document.activeElement!.id)).toBe('prompt');
  expect(playground.server.keys).toEqual(['Bearer wrong', `Bearer ${KEY}`]);
  await close();
});

test('a key lives in the session storage and the header, and nowhere else', async () => {
  const { page, send, settled, close } = await playground.open();
  playground.server.key = KEY;
  await page.reload();
  await page.fill('#key', KEY);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#model:enabled');
  await send('one');
  await settled();
  await page.reload();
  await page.waitForSelector('#model:enabled'); // it is not asked for again

  await page.click('.reply [data-act=curl]');
  expect(await page.inputValue('#curl-text')).toContain('-H "authorization: Bearer $CRIA_KEY"');
  const kept = await page.evaluate(() => ({
    local: JSON.stringify(localStorage),
    session: JSON.stringify(sessionStorage),
    cookie: document.cookie,
    page: document.documentElement.outerHTML,
    fields: [...document.querySelectorAll('textarea, input')]
      .map((e) => (e as HTMLInputElement).value)
      .join(),
  }));
  expect(
    Object.entries(kept)
      .filter(([, value]) => value.includes(KEY))
      .map(([name]) => name),
  ).toEqual(['session']);
  expect(playground.server.paths.join()).not.toContain(KEY);
  expect(page.url()).not.toContain(KEY);

  await page.keyboard.press('Escape');
  await page.click('#open-settings');
  await page.click('#forget-key');
  expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain(KEY);
  await close();
});

test('who has no key is told so, and is not asked again and again', async () => {
  const { page, send, settled, close } = await playground.open();
  playground.server.key = KEY;
  await page.reload();
  await page.waitForSelector('#key-dialog:modal');
  await page.keyboard.press('Escape');
  await page.waitForSelector('#statement:has-text("The server asks for a key.")');
  await page.waitForTimeout(4_000); // longer than it waits for a server that is away
  expect(await page.isVisible('#key-dialog')).toBe(false);

  await send('one');
  await page.click('#cancel-key');
  await settled();
  expect(await page.textContent('.notice strong')).toBe('The server asks for a key.');

  await page.click('.notice button');
  await page.fill('#key', KEY);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.reply:last-child .prose:has-text("Hello")');
  await page.waitForSelector('#model:enabled'); // the list of models is fetched too, now that it can be
  await close();
});
