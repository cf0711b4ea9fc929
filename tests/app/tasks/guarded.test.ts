/** Tasks go the way of chats: a guard judges them. */
import { describe, expect, test } from 'vitest';
import { REFUSAL, type Safety } from '../../../app/safety.ts';
import { DEFAULT_POLICY } from '../../../engine/guard/guard.ts';
import { createGuardedEngine } from '../../../engine/guard/guarded-engine.ts';
import { assistantApp, calls } from '../../support/assistant-client.ts';
import { scriptedGuard } from '../../support/scripted-guard.ts';
import { deltas, taskEvents } from '../../support/tasks-client.ts';

function setUp(path: Safety['path'], turns: Parameters<typeof assistantApp>[0]) {
  const { guard } = scriptedGuard((prompt) => ({ answer: /BAD/.test(prompt) ? 'unsafe\nS9' : 'safe' }));
  const safety: Safety = { guard, policy: DEFAULT_POLICY, path, refusal: REFUSAL };
  return assistantApp(turns, { safety, wrap: (engine) => createGuardedEngine(engine, safety) });
}

describe.each(['summarize', 'rewrite'])('%s', (task) => {
  test.each([
    ['asked', 'input', 'BAD things', 'fine'],
    ['said', 'output', 'fine things', 'BAD'],
  ] as const)('of what may not be %s is refused', async (_, path, text, says) => {
    const { ask, engine } = setUp(path, [[says]]);
    const reply = await ask(task, { text });
    expect([reply.status, await reply.json()]).toMatchObject([400, { error: { code: 'content_filter' } }]);
    expect(engine.requests).toHaveLength(path === 'input' ? 0 : 1);

    const events = await taskEvents(await setUp(path, [[says]]).ask(task, { text, stream: true }));
    expect(events.at(-1)).toMatchObject({ type: 'error', code: 'content_filter' });
    expect(deltas(events)).not.toContain('BAD');
  });
});

test('an assistant that is asked what it may not be refuses, and does nothing', async () => {
  const { assist, engine } = setUp('both', [calls('add_todo', { title: 'x' })]);
  const reply = await assist({ messages: [{ role: 'user', content: 'BAD' }] });
  expect(reply).toMatchObject({ status: 'incomplete', message: REFUSAL });
  expect(engine.requests).toHaveLength(0);
});

test('an assistant’s call that is judged unsafe is not made', async () => {
  const { assist, titles } = setUp('both', [calls('add_todo', { title: 'BAD' })]);
  expect(await assist()).toMatchObject({ status: 'incomplete', steps: [] });
  expect(await titles('todos')).toEqual([]);
});
