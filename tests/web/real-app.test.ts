// The pages before the real app, over an engine that says what it is told: both sides mean the same by each field.
import type { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AppEnv } from '../../app/run.ts';
import { assistantApp, calls } from '../support/assistant-client.ts';
import { testApp } from '../support/test-app.ts';
import { type Playground, startPlayground } from './playground.ts';

let playground: Playground;

beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground?.close());

/** A tab on a page whose requests below /v1 go to the app, whole replies at a time. */
async function open(app: Hono<AppEnv>, name: string) {
  const tab = await playground.open({ timezoneId: 'UTC' });
  await tab.page.route('**/v1/**', async (route) => {
    const request = route.request();
    const body = request.postData();
    const response = await app.request(request.url(), {
      method: request.method(),
      headers: await request.allHeaders(),
      ...(body === null ? {} : { body }),
    });
    await route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    });
  });
  await tab.page.goto(`${playground.server.url}/#/${name}`);
  await tab.page.reload();
  await tab.page.waitForSelector('#model:enabled');
  return tab;
}

test('a long text is summarised in parts', async () => {
  const { app } = testApp({ steps: ['It is ', 'about llamas.'] }, { maxBodyBytes: 4 << 20 });
  const { page, complaints, close } = await open(app, 'summarise');
  await page.fill('#summarise-text', 'Llamas hum. '.repeat(50_000).slice(0, 490_000));
  await page.click('#summarise [type=submit]');
  await page.waitForSelector('#summarise .result[data-state=done]');
  expect(await page.textContent('#summarise .result-text')).toBe('It is about llamas.\n');
  expect(await page.textContent('#summarise .status')).toMatch(
    /^[\d.]+ s · (?:read in \d+ parts · )?\d+ tokens$/,
  );
  expect(await page.isVisible('#summarise .notice')).toBe(false);
  expect(complaints).toEqual([]);
  await close();
});

test('every choice on the Rewrite page is one the server knows', async () => {
  const { app } = testApp({ steps: ['We meet at two.'] });
  const { page, close } = await open(app, 'rewrite');
  await page.fill('#rewrite-text', 'We meet at ten.');
  await page.fill('#rewrite-audience', 'children of ten');
  const tones = await page
    .locator('#rewrite-tone option')
    .evaluateAll((all) => all.map((o) => (o as HTMLOptionElement).value));
  for (const [i, tone] of tones.entries()) {
    await page.selectOption('#rewrite-tone', tone);
    await page.click(`#rewrite .options .segments label >> nth=${i % 3}`);
    await page.click('#rewrite [type=submit]');
    await page.waitForSelector('#rewrite .result[data-state=done] ins:text-is("two")');
    expect(await page.isVisible('#rewrite .notice'), tone).toBe(false);
  }
  await page.fill('#rewrite-audience', '<b>');
  await page.click('#rewrite [type=submit]');
  await page.waitForSelector('#rewrite .notice:has-text("The server did not accept this.")');
  await close();
});

describe('the assistant', () => {
  test('stores, asks back before it deletes, and goes on when told', async () => {
    const { app } = assistantApp([
      calls('add_todo', { title: 'Buy milk' }),
      ['Noted.'],
      calls('delete_todo', { todo: 'milk' }),
    ]);
    const { page, complaints, close } = await open(app, 'assistant');
    const say = async (text: string) => {
      await page.fill('#assistant-prompt', text);
      await page.press('#assistant-prompt', 'Enter');
    };
    await say('Remind me to buy milk');
    await page.waitForSelector('.step[data-state=ok]');
    await page.waitForSelector('#todos li:has-text("Buy milk")');
    await page.waitForSelector('#assistant-turns .prose:has-text("Noted.")');

    await say('I have milk');
    await page.waitForSelector('.asking:has-text("Delete the to-do “Buy milk”?")');
    expect(await page.locator('#todos li').count()).toBe(1);
    await page.click('.asking button:text-is("Yes")');
    await page.waitForSelector('#no-todos:visible');
    await page.waitForSelector('#assistant-turns .reply:last-child .prose:has-text("Done.")');
    expect(complaints).toEqual([]);
    await close();
  });

  test('keeps to-dos and events that are changed by hand, and gives them as iCalendar', async () => {
    const { app } = assistantApp([]);
    const { page, close } = await open(app, 'assistant');
    await page.fill('#new-todo', 'Buy oats');
    await page.press('#new-todo', 'Enter');
    await page.click('#todos button');
    await page.fill('#todo-day', '2099-07-01');
    await page.fill('#todo-time', '15:30');
    await page.click('#todo-dialog [type=submit]');
    await page.waitForSelector('#todos small:text-is("Wed 1 Jul, 15:30")');
    await page.click('#todos input');
    await page.waitForSelector('#todos li.done');

    await page.click('#new-event');
    await page.fill('#event-name', 'Dentist');
    await page.fill('#event-start', '2099-01-02T10:00');
    await page.fill('#event-end', '2099-01-02T11:00');
    await page.click('#event-dialog [type=submit]');
    await page.click('#events button');
    await page.fill('#event-location', 'Room 2');
    await page.click('#event-dialog [type=submit]');
    await page.waitForSelector('#events small:text-is("10:00 – 11:00 · Room 2")');

    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download-calendar')]);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(/SUMMARY:Dentist\r\n.*LOCATION:Room 2\r\n/s);

    await page.click('#events button');
    await page.click('#event-dialog [data-act=delete]');
    await page.click('#todos button');
    await page.click('#todo-dialog [data-act=delete]');
    await page.waitForSelector('#no-todos:visible');
    await page.waitForSelector('#no-events:visible');
    await close();
  });
});
