import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { gate, type Playground, startPlayground, type Tab } from './playground.ts';
import type { Script } from './scripted-server.ts';

let playground: Playground;

beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground?.close());
beforeEach(() => {
  playground.server.asked.length = 0;
});

const answer: Script = (reply) => {
  reply.say('All well');
  reply.finish('stop', 2);
};

/** Tries again by the button, and sees that the same messages are sent and the trouble is gone. */
async function tryAgain({ page, settled, reply }: Tab): Promise<void> {
  playground.server.script = answer;
  await page.click('.notice button');
  await page.waitForSelector('.reply:last-child .prose:has-text("All well")');
  await settled();
  expect(await reply()).toBe('All well\n');
  expect(await page.isVisible('.notice')).toBe(false);
  expect(playground.server.asked.at(-1)!.messages).toEqual([{ role: 'user', content: 'one' }]);
}

describe('before the first word', () => {
  const cases: readonly { why: string; script: Script; notice: string }[] = [
    {
      why: 'a request that is refused',
      script: (r) => r.refuse(400, { code: 'invalid_value', message: 'top_p must be at most 1' }),
      notice: 'The server did not accept this. Top_p must be at most 1.',
    },
    {
      why: 'a chat that is too long',
      script: (r) =>
        r.refuse(400, { code: 'context_length_exceeded', message: 'prompt (2100 tokens) is too long' }),
      notice: 'This chat has outgrown the model. Prompt (2100 tokens) is too long.',
    },
    {
      why: 'a server error',
      script: (r) => r.refuse(500, { code: 'internal', message: 'internal error in request 7' }),
      notice: 'The server stumbled. Internal error in request 7.',
    },
    {
      why: 'a connection that fails',
      script: (r) => r.cut(),
      notice:
        'The server cannot be reached. Check that it is still running, then try again. Your message is kept.',
    },
  ];

  test.each(cases)('$why is told, and can be tried again', async ({ script, notice }) => {
    const tab = await playground.open();
    playground.server.script = script;
    await tab.send('one');
    await tab.settled();
    expect(await tab.page.textContent('.notice p')).toBe(notice);
    expect(await tab.page.isEnabled('.notice button')).toBe(true);
    await tryAgain(tab);
    await tab.close();
  });

  test('a busy model says how long to wait, and the button waits with it', async () => {
    const tab = await playground.open();
    playground.server.script = (r) =>
      r.refuse(429, { code: 'model_busy', message: '3 requests are waiting' }, { 'retry-after': '2' });
    await tab.send('one');
    await tab.settled();
    expect(await tab.page.textContent('.notice p')).toBe('The model is busy. 3 requests are waiting.');
    expect(await tab.page.textContent('.notice button')).toMatch(/^Try again in [12] s$/);
    expect(await tab.page.isDisabled('.notice button')).toBe(true);
    await tab.page.waitForSelector('.notice button:enabled:text-is("Try again")');
    await tryAgain(tab);
    await tab.close();
  });

  test('a proxy that answers in HTML is quoted by its status alone', async () => {
    const tab = await playground.open();
    await tab.page.route('**/v1/chat/completions', (route) =>
      route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }),
    );
    await tab.send('one');
    await tab.settled();
    expect(await tab.page.textContent('.notice p')).toBe('The server stumbled. HTTP status 502.');
    await tab.close();
  });
});

describe('in mid-stream', () => {
  const cases: readonly { why: string; end: Script; notice: string }[] = [
    {
      why: 'an error event',
      end: (r) =>
        r.event(JSON.stringify({ error: { code: 'out_of_memory', message: 'the device is full' } })),
      notice: 'The reply broke off. The device is full.',
    },
    {
      why: 'a lost connection',
      end: (r) => r.cut(),
      notice: 'The reply broke off. The connection was lost.',
    },
  ];

  test.each(cases)('$why keeps what was said', async ({ end, notice }) => {
    const tab = await playground.open();
    const read = gate();
    playground.server.script = async (r) => {
      r.say('As far ', 'as this');
      await read.promise;
      await end(r);
    };
    await tab.send('one');
    await tab.page.waitForSelector('.prose:has-text("As far as this")');
    read.resolve();
    await tab.settled();
    expect(await tab.reply()).toBe('As far as this\n');
    expect(await tab.page.textContent('.notice p')).toBe(notice);

    await tab.page.reload();
    expect(await tab.reply()).toBe('As far as this\n');
    expect(await tab.page.textContent('.notice p')).toBe(notice);
    await tryAgain(tab);
    await tab.close();
  });

  test('a stream that ends without saying why has broken off', async () => {
    const tab = await playground.open();
    const chunk = JSON.stringify({ choices: [{ delta: { content: 'Half' } }] });
    await tab.page.route('**/v1/chat/completions', (route) =>
      route.fulfill({ contentType: 'text/event-stream', body: `data: ${chunk}\n\n` }),
    );
    await tab.send('one');
    await tab.settled();
    expect(await tab.reply()).toBe('Half\n');
    expect(await tab.page.textContent('.notice p')).toContain('The reply broke off.');
    await tab.close();
  });
});

describe('the server', () => {
  test('is shown loading, then ready', async () => {
    playground.server.health = { status: 'OK', state: 'loading' };
    const { page, close } = await playground.open();
    expect(await page.getAttribute('#state-dot', 'aria-label')).toBe('The model is loading');
    playground.server.health = { status: 'OK', state: 'ready', backend: 'wasm', runtime: 'workerd' };
    await page.waitForSelector('#state-dot[data-state=ready]');
    await page.reload();
    await page.waitForSelector('#model:enabled');
    expect(await page.textContent('#statement')).toContain(
      'tiny, running in WebAssembly on this machine’s workerd',
    );
    await close();
  });

  test('that is away is waited for', async () => {
    const { page, close } = await playground.open();
    let away = true;
    await page.route('**/v1/models', (route) => (away ? route.abort() : route.continue()));
    await page.reload();
    await page.waitForSelector('#statement:has-text("The server cannot be reached.")');
    expect(await page.isDisabled('#model')).toBe(true);
    away = false;
    await page.waitForSelector('#model:enabled');
    expect(await page.textContent('#statement')).toContain('tiny');
    await close();
  });
});

test('hostile text does nothing, whoever says it', async () => {
  const attack = [
    '<img src=x onerror=alert(1)>',
    '<script>alert(2)</script>',
    '<svg onload=alert(3)>',
    '[link](javascript:alert(4))',
    '![pixel](https://evil.example/pixel.png)',
    '<iframe srcdoc="<script>alert(5)</script>"></iframe>',
    '<style>*{display:none}</style>',
    '```"><script>alert(6)</script>\ncode\n```',
  ].join('\n\n');
  const before = playground.server.models;
  playground.server.models = [{ id: attack, custom_metadata: { licence: attack } }];
  playground.server.script = (r) => {
    r.say(...attack); // a character at a time: every half of a tag is rendered too
    r.finish('stop', attack.length);
  };

  const { page, send, settled, reply, complaints, close } = await playground.open();
  const dialogs: string[] = [];
  const outside: string[] = [];
  page.on('dialog', async (dialog) => {
    dialogs.push(dialog.message());
    await dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(playground.server.url)) outside.push(request.url());
  });

  await send(attack);
  await settled();
  expect(await reply()).toContain('<script>alert(2)</script>');
  expect(await page.textContent('.words')).toBe(attack);
  await page.click('.prose a:text("link")'); // its address is gone
  await page.reload();
  await settled();
  expect(
    await page.locator(':is(.prose, .words) :is(script, img, iframe, style, [onload], [onerror])').count(),
  ).toBe(0);
  expect(
    await page
      .locator('.prose a[href]')
      .evaluateAll((links) => links.map((a) => (a as HTMLAnchorElement).href)),
  ).toEqual(['https://evil.example/pixel.png']);
  expect({ dialogs, outside, complaints }).toEqual({ dialogs: [], outside: [], complaints: [] });
  playground.server.models = before;
  await close();
});
