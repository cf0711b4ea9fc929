/**
 * A client that leaves a Worker before its reply begins: the runtime then cancels the whole call, timers, promises and
 * all. Over plain HTTP workerd hears of a connection that is reset, but a client that closes it (FIN) may only have no
 * more to say, so that is noticed at the next write; Cloudflare's front, and a Worker that calls another, cancel at once.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CATALOGUE } from '../../models/catalogue.ts';
import { checkedFetch } from '../support/check-reply.ts';
import type { LocalWorkerd } from '../support/local-workerd.ts';
import { openR2 } from '../support/r2-door.ts';

const MODEL = CATALOGUE[0]!.id;

/** Asks for a long reply and leaves after the milliseconds of its path. */
const CALLER = `
export default {
  async fetch(request, { CRIA }) {
    const signal = AbortSignal.timeout(Number(new URL(request.url).pathname.slice(1)));
    const body = JSON.stringify({ model: '${MODEL}', prompt: 'Once upon a time', max_tokens: 8000 });
    return CRIA.fetch('http://cria/v1/completions', { method: 'POST', body, signal }).then(
      (reply) => new Response('status ' + reply.status),
      (error) => new Response(error.name),
    );
  },
};`;

let workerd: LocalWorkerd;
beforeAll(async () => {
  const caller = {
    name: 'caller',
    compatibilityDate: '2026-11-01',
    serviceBindings: { CRIA: 'cria' },
    modules: [{ type: 'ESModule' as const, path: 'caller.mjs', contents: CALLER }],
  };
  workerd = await openR2({ beside: [caller] });
});
afterAll(() => workerd[Symbol.asyncDispose]());

const leaveAfter = async (ms: number) =>
  (await (await workerd.worker('caller')).fetch(`http://caller/${ms}`)).text();

const health = async () => (await checkedFetch(new URL('/v1/health', workerd.url))).json();

test('the place that it had is free again', async () => {
  expect(await leaveAfter(500)).toBe('TimeoutError');
  await expect.poll(health, { timeout: 10_000 }).toMatchObject({ state: 'ready', running: 0 });
});
