/** The built function behind its Function URL: whoever reads slowly, or not at all, slows the model that writes for him. */
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CATALOGUE } from '../../models/catalogue.ts';
import { openLambda } from '../support/lambda-door.ts';

const WORDS = 'word '.repeat(1700); // with the logprobs of each letter more than all that stands between holds
const STILL = 10; // looks, one after the other

test('a stream that nobody reads stands still, and goes on to its end when somebody does', async () => {
  await using door = await openLambda({ recital: true, vars: { CRIA_CONTEXT: '65536' } });
  const said = async () => {
    const metrics = await (await fetch(new URL('/metrics', door.url))).text();
    return Number(/^vllm:generation_tokens_total (\d+)/m.exec(metrics)![1]);
  };
  const stream = await fetch(new URL('/v1/chat/completions', door.url), {
    method: 'POST',
    body: JSON.stringify({
      ...{ model: CATALOGUE[0]!.id, messages: [{ role: 'user', content: WORDS }] },
      ...{ stream: true, logprobs: true, top_logprobs: 20 },
    }),
  });

  let before = -1;
  for (let still = 0; still < STILL; ) {
    await setTimeout(100); // looking takes time from who writes
    const now = await said();
    still = now === before ? still + 1 : 0;
    before = now;
  }
  expect(before).toBeLessThan(WORDS.length);

  const text = await stream.text();
  expect(text.length).toBeGreaterThan(6 * 2 ** 20); // and more than an answer in one piece could be
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  expect(await said()).toBeGreaterThanOrEqual(WORDS.length);
});
