/** Tasks at the real doors: their storage, their clocks and time zones, and who leaves. The model recites. */
import ICAL from 'ical.js';
import { expect, test } from 'vitest';
import type { AssistantReply, Summary } from '../../app/schemas/tasks.ts';
import { CATALOGUE } from '../../models/catalogue.ts';
import { asked, results } from '../support/assistant-client.ts';
import { checkedFetch } from '../support/check-reply.ts';
import { openNode } from '../support/node-door.ts';
import { deltas, taskEvents } from '../support/tasks-client.ts';
import { openWorkerd } from '../support/workerd-door.ts';

const model = CATALOGUE[0]!.id;

test.each([
  { door: 'node', start: openNode },
  { door: 'workerd', start: openWorkerd },
])(
  'behind the $door door',
  async ({ start }) => {
    await using door = await start({ recital: true, vars: { CRIA_CONTEXT: '4096' } });
    const post = (path: string, body: object) =>
      checkedFetch(new URL(`/v1/tasks/${path}`, door.url), { method: 'POST', body: JSON.stringify(body) });
    const get = async (path: string) => (await checkedFetch(new URL(`/v1/tasks/${path}`, door.url))).text();

    // The assistant: the model's turns are the lines of what it is told.
    const turns = [
      '[add_event(title="Dentist", start="2026-07-01T15:00", location="Main St; 5")]',
      '[delete_todo(todo="milk")]',
      'All done.',
    ];
    const assist = async (fields: object = {}) =>
      (await (
        await post('assistant', {
          model,
          messages: [{ role: 'user', content: turns.join('\n') }],
          time_zone: 'Europe/Vienna',
          ...fields,
        })
      ).json()) as AssistantReply;
    await post('todos', { title: 'Buy milk', due: '2026-11-26' });
    const reply = await assist();
    expect(reply).toMatchObject({
      status: 'needs_confirmation',
      message: 'Delete the to-do “Buy milk” (due 2026-11-26)?',
    });
    expect(results(reply)).toMatchObject([{ ok: true, result: { added: { start: '2026-07-01T15:00' } } }]);
    expect(await get('todos')).toContain('Buy milk');

    const confirm = [asked(reply)[0]!.id];
    const messages = [{ role: 'user', content: 'unused\nAll done.' }];
    expect(await assist({ messages, confirm })).toMatchObject({ status: 'completed', message: 'All done.' });
    expect(await get('todos')).toContain('"data":[]');
    expect((await post('assistant', { model, messages, confirm })).status).toBe(404);

    const [event] = new ICAL.Component(ICAL.parse(await get('calendar.ics'))).getAllSubcomponents('vevent');
    expect(String(event!.getFirstPropertyValue('dtstart'))).toBe('2026-07-01T13:00:00Z');
    expect(event!.getFirstPropertyValue('location')).toBe('Main St; 5');

    // A text longer than the context: each reply is the first line of what is read.
    const paragraph = (i: number) => `Part ${i} is about llamas.\n${'They eat grass. '.repeat(90)}`;
    const text = Array.from({ length: 6 }, (_, i) => paragraph(i)).join('\n\n');
    const events = await taskEvents(await post('summarize', { model, text, length: 'short', stream: true }));
    const { summary, parts, usage } = events.at(-1)!.task as Summary;
    expect([summary, deltas(events)]).toEqual(['Part 0 is about llamas.', summary]);
    expect(parts).toBeGreaterThan(2);
    expect(usage.input_tokens).toBeGreaterThan(text.length);

    const rewritten = await post('rewrite', { model, text: 'One\ntwo\n\n \nThree\nfour', tone: 'plain' });
    expect(await rewritten.json()).toMatchObject({ text: 'One\n\n \nThree', status: 'completed' });

    // Whoever leaves stops the model.
    const leaving = new AbortController();
    const long = await fetch(new URL('/v1/tasks/summarize', door.url), {
      method: 'POST',
      body: JSON.stringify({ model, text: 'x'.repeat(2000), length: 'long', stream: true }),
      signal: leaving.signal,
    });
    await long.body!.getReader().read();
    leaving.abort();
    const metrics = async () => (await fetch(new URL('/metrics', door.url))).text();
    await expect
      .poll(metrics, { timeout: 20_000 })
      .toMatch(/^cria_completions_total\{.*outcome="aborted"\} 1$/m);
  },
  180_000,
);
