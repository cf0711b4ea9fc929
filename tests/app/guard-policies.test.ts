/** What a guard judges by route and by key, over HTTP. */
import { describe, expect, test } from 'vitest';
import type { AccessKey } from '../../app/access/access-key.ts';
import { REFUSAL, type Safety } from '../../app/safety.ts';
import { DEFAULT_POLICY } from '../../engine/guard/guard.ts';
import { createGuardedEngine } from '../../engine/guard/guarded-engine.ts';
import { scriptedGuard } from '../support/scripted-guard.ts';
import { MODEL, testApp } from '../support/test-app.ts';
import { bearer, testAccess, testKey } from '../support/test-keys.ts';

const KEYS: readonly AccessKey[] = [
  testKey('plain'),
  testKey('free', { guard: { judge: 'off' } }),
  testKey('strict', { guard: { judge: 'both', refusal: 'Not for you.' } }),
];

function setUp(more: Partial<Safety>, { guarded = true } = {}) {
  const { guard } = scriptedGuard((prompt) => ({ answer: /BAD/.test(prompt) ? 'unsafe\nS9' : 'safe' }));
  const safety: Safety = { guard, policy: DEFAULT_POLICY, path: 'off', refusal: REFUSAL, ...more };
  const { access } = testAccess(KEYS);
  const made = testApp(
    {},
    guarded ? { access, safety, wrap: (engine) => createGuardedEngine(engine, safety) } : { access },
  );
  const post = async (path: string, id: string, body: object) => {
    const response = await made.app.request(path, {
      method: 'POST',
      headers: bearer(id),
      body: JSON.stringify({ model: MODEL, ...body }),
    });
    return { status: response.status, text: await response.text() };
  };
  const chat = (id: string) =>
    post('/v1/chat/completions', id, { messages: [{ role: 'user', content: 'BAD' }] });
  const text = (id: string) => post('/v1/completions', id, { prompt: 'BAD' });
  return { ...made, chat, text };
}

const REFUSED = /"finish_reason":"content_filter"/;

describe('a key’s rules', () => {
  test('stand in place of the server’s', async () => {
    const open = setUp({ path: 'off' });
    expect((await open.chat('plain')).text).not.toMatch(REFUSED);
    const refused = await open.chat('strict');
    expect(refused.text).toMatch(REFUSED);
    expect(refused.text).toContain('Not for you.');

    const judged = setUp({ path: 'input' });
    expect((await judged.chat('plain')).text).toMatch(REFUSED);
    expect((await judged.chat('free')).text).not.toMatch(REFUSED);
  });

  test('take nothing away from what is enforced', async () => {
    const { chat, engine } = setUp({ path: 'input', enforced: true });
    expect((await chat('free')).text).toMatch(REFUSED);
    expect((await chat('strict')).text).toContain('Not for you.');
    expect(engine.requests).toHaveLength(0);
  });

  test('that nobody can follow let nothing pass', async () => {
    const { chat, engine } = setUp({}, { guarded: false });
    const refused = await chat('strict');
    expect(refused).toMatchObject({ status: 404, text: expect.stringContaining('no_guard') });
    expect(engine.requests).toHaveLength(0);
    expect((await chat('plain')).status).toBe(200);
    expect((await chat('free')).status).toBe(200);
  });
});

test('a route’s rules are that route’s', async () => {
  const { chat, text } = setUp({
    path: 'input',
    routes: {
      '/v1/completions': { judge: 'off' },
      '/v1/chat/completions': { refusal: 'Not in a chat.', enforced: true },
    },
  });
  expect((await text('plain')).text).not.toMatch(REFUSED);
  expect((await chat('plain')).text).toContain('Not in a chat.');
  expect((await chat('free')).text).toMatch(REFUSED);
  expect((await text('strict')).text).toMatch(REFUSED);
});
