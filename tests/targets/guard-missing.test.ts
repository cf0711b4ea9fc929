/** A guard that should judge and is not there: nothing passes unjudged, and whoever looks is told why. */
import { expect, test } from 'vitest';
import { CATALOGUE } from '../../models/catalogue.ts';
import { checkedFetch } from '../support/check-reply.ts';
import { openNode } from '../support/node-door.ts';
import { openWorkerd } from '../support/workerd-door.ts';

const vars = { CRIA_GUARD: 'llama-guard-3-1b-q8_0', CRIA_GUARD_JUDGE: 'both' };

test('the Worker answers no chat, is not ready, and names the file in its log', async () => {
  let log = '';
  await using door = await openWorkerd({
    recital: true,
    vars,
    onLog: (line) => {
      log += line;
    },
  });
  const chat = await checkedFetch(new URL('/v1/chat/completions', door.url), {
    method: 'POST',
    body: JSON.stringify({ model: CATALOGUE[0]!.id, messages: [{ role: 'user', content: 'Hello.' }] }),
  });
  expect(chat.status).toBe(500);
  expect(await chat.text()).not.toContain('Hello.');
  await expect.poll(() => log).toContain('Llama-Guard-3-1B.Q8_0.gguf: byte 0: there is no such file');
  expect((await checkedFetch(new URL('/v1/health/ready', door.url))).status).toBe(503);
  expect((await checkedFetch(new URL('/v1/models', door.url))).status).toBe(200);
});

test('the Node server does not start', async () => {
  await expect(openNode({ recital: true, vars })).rejects.toThrow('exit code 1');
});
