import { NotFoundError } from 'openai';
import { describe, expect, test } from 'vitest';
import { ContextLengthError } from '../../engine/errors.ts';
import { connectResponses as connect } from '../support/responses-client.ts';
import type { Script } from '../support/scripted-engine.ts';
import { MODEL } from '../support/test-app.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

describe('a response that is kept', () => {
  test('can be had again, with what it was asked, and deleted', async () => {
    const { responses } = connect();
    const made = await responses.create({
      model: MODEL,
      input: ['one', 'two', 'three'].map((content) => ({ role: 'user' as const, content })),
    });
    expect(await responses.retrieve(made.id)).toEqual(made);

    const texts = async (query: object) => {
      const list: string[] = [];
      for await (const item of responses.inputItems.list(made.id, query)) {
        const [part] = (item as { content: { text: string }[] }).content;
        list.push(part!.text);
      }
      return list;
    };
    expect(await texts({})).toEqual(['three', 'two', 'one']);
    expect(await texts({ order: 'asc', limit: 1 })).toEqual(['one', 'two', 'three']);
    const { data } = await responses.inputItems.list(made.id, { order: 'asc' });
    expect(await texts({ order: 'asc', after: (data[1] as { id: string }).id })).toEqual(['three']);

    await responses.delete(made.id);
    for (const gone of [
      responses.retrieve(made.id),
      responses.delete(made.id),
      responses.inputItems.list(made.id),
    ])
      await expect(gone).rejects.toThrow(NotFoundError);
  });

  test('is continued by the next, all the way back, without its instructions', async () => {
    const { responses, messages } = connect();
    const first = await responses.create({ model: MODEL, input: 'a', instructions: 'be brief' });
    const second = await responses.create({ model: MODEL, input: 'b', previous_response_id: first.id });
    const third = await responses.create({
      model: MODEL,
      input: 'c',
      previous_response_id: second.id,
      instructions: 'be long',
      store: false,
    });
    expect(messages().map(({ role, content }) => [role, content])).toEqual([
      ['system', 'be long'],
      ['user', 'a'],
      ['assistant', 'Hello world'],
      ['user', 'b'],
      ['assistant', 'Hello world'],
      ['user', 'c'],
    ]);
    expect(third.previous_response_id).toBe(second.id);

    await responses.delete(first.id);
    await expect(
      responses.create({ model: MODEL, input: 'd', previous_response_id: second.id }),
    ).rejects.toMatchObject({ status: 404, param: 'previous_response_id', code: 'not_found' });
  });

  test('answers a call that an earlier one made', async () => {
    const { responses, messages } = connect();
    const call = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' } as const;
    const first = await responses.create({ model: MODEL, input: [{ role: 'user', content: 'a' }, call] });
    const output = { type: 'function_call_output', call_id: 'c', output: '1' } as const;
    await responses.create({ model: MODEL, input: [output], previous_response_id: first.id });
    expect(messages().at(-1)).toEqual({ role: 'tool', content: '1' });
    await expect(responses.create({ model: MODEL, input: [output] })).rejects.toMatchObject({
      status: 400,
      param: 'input',
    });
  });

  test('is gone after 30 days', async () => {
    const { responses, clock } = connect();
    const { id } = await responses.create({ model: MODEL, input: 'hi' });
    clock.ms += 30 * DAY_MS - 1;
    await responses.retrieve(id);
    clock.ms += 1;
    await expect(responses.retrieve(id)).rejects.toThrow(NotFoundError);
  });

  test('is none with store false, whole or streamed', async () => {
    const { responses, kept } = connect();
    const { id } = await responses.create({ model: MODEL, input: 'hi', store: false });
    await expect(responses.retrieve(id)).rejects.toThrow(NotFoundError);
    await responses.stream({ model: MODEL, input: 'hi', store: false }).finalResponse();
    expect(await kept()).toBe(0);
  });

  test('is not streamed again, and that is said', async () => {
    const { responses } = connect();
    const { id } = await responses.create({ model: MODEL, input: 'hi' });
    expect((await responses.retrieve(id, { stream: false })).id).toBe(id);
    for (const [query, param] of [
      [{ stream: true }, 'stream'],
      [{ starting_after: 3 }, 'starting_after'],
    ] as const)
      await expect(responses.retrieve(id, query)).rejects.toMatchObject({ status: 400, param });
  });

  test('cannot be cancelled: it was not made in the background', async () => {
    const { responses } = connect();
    const { id } = await responses.create({ model: MODEL, input: 'hi' });
    await expect(responses.cancel(id)).rejects.toMatchObject({ status: 400, param: 'id' });
    await expect(responses.cancel('nothing')).rejects.toThrow(NotFoundError);
  });

  test('is refused when there is no room, before anyone is told it is complete', async () => {
    const { send } = connect({}, { storageBytes: 1000 });
    const whole = await send({});
    expect([whole.status, (await whole.json()).error.code]).toEqual([507, 'storage_full']);
    const text = await (await send({ stream: true })).text();
    expect(text).toContain('event: response.failed');
    expect(text).not.toContain('response.completed');
    expect((await send({ store: false })).status).toBe(200);
  });
});

describe('truncation', () => {
  const long = Array.from({ length: 9 }, (_, i) => ({ role: 'user' as const, content: `${i}` }));
  /** Room for so many turns, the instructions among them. */
  const room = (turns: number): Partial<Script> => ({
    refusal: ({ prompt }) =>
      prompt.type === 'chat' && prompt.messages.length > turns
        ? new ContextLengthError(200, undefined, 100)
        : undefined,
  });

  test('disabled refuses what is too long, and names the input', async () => {
    const { responses } = connect(room(4));
    await expect(responses.create({ model: MODEL, input: long })).rejects.toMatchObject({
      status: 400,
      code: 'context_length_exceeded',
      param: 'input',
    });
  });

  test('auto leaves out the oldest, and keeps the instructions', async () => {
    const { responses, messages } = connect(room(4));
    await responses.create({ model: MODEL, input: long, instructions: 'rules', truncation: 'auto' });
    expect(messages().map(({ content }) => content)).toEqual(['rules', '7', '8']);
  });

  test('auto leaves out results whose calls it left out', async () => {
    const call = (i: number) =>
      ({ type: 'function_call', call_id: `c${i}`, name: 'f', arguments: '{}' }) as const;
    const output = (i: number) =>
      ({ type: 'function_call_output', call_id: `c${i}`, output: `${i}` }) as const;
    const input = [
      ...long.slice(0, 6),
      call(1),
      call(2),
      output(1),
      output(2),
      { role: 'user' as const, content: 'and?' },
    ];
    const { responses, messages } = connect(room(4));
    await responses.create({ model: MODEL, input, truncation: 'auto' });
    expect(messages().map(({ role }) => role)).toEqual(['user']);
    await responses.create({ model: MODEL, input: input.slice(0, -1), truncation: 'auto' });
    expect(messages().at(-1)).toEqual({ role: 'tool', content: '2' });
  });

  test('auto keeps the last, and is refused when even that is too long', async () => {
    const { responses, messages } = connect(room(1));
    await responses.create({ model: MODEL, input: long, truncation: 'auto' });
    expect(messages().map(({ content }) => content)).toEqual(['8']);
    await expect(
      connect(room(0)).responses.create({ model: MODEL, input: long, truncation: 'auto' }),
    ).rejects.toMatchObject({ code: 'context_length_exceeded' });
  });
});
