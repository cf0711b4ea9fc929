import OpenAI, { ConflictError, NotFoundError } from 'openai';
import { describe, expect, test } from 'vitest';
import { MODEL, START_MS, testApp } from '../support/test-app.ts';

function connect(...args: Parameters<typeof testApp>) {
  const made = testApp(...args);
  const client = new OpenAI({
    apiKey: 'none',
    baseURL: 'http://localhost/v1',
    maxRetries: 0,
    fetch: async (url, init) => made.app.request(url as string, init),
  });
  const texts = async (id: string, query: object = { order: 'asc' }) => {
    const list: string[] = [];
    for await (const item of client.conversations.items.list(id, query))
      list.push((item as { content: { text: string }[] }).content[0]!.text);
    return list;
  };
  return { ...made, client, conversations: client.conversations, responses: client.responses, texts };
}

const user = (content: string) => ({ role: 'user' as const, content });

describe('a conversation', () => {
  test('is made, described, given other metadata and deleted', async () => {
    const { conversations, storage } = connect();
    const made = await conversations.create({ metadata: { a: 'b' }, items: [user('hi')] });
    expect(made).toMatchObject({
      object: 'conversation',
      created_at: Math.floor(START_MS / 1000),
      metadata: { a: 'b' },
    });
    expect(await conversations.retrieve(made.id)).toEqual(made);
    const updated = { ...made, metadata: { c: 'd' } };
    expect(await conversations.update(made.id, { metadata: { c: 'd' } })).toEqual(updated);
    expect(await conversations.retrieve(made.id)).toEqual(updated);

    expect(await conversations.delete(made.id)).toEqual({
      id: made.id,
      object: 'conversation.deleted',
      deleted: true,
    });
    await expect(conversations.retrieve(made.id)).rejects.toThrow(NotFoundError);
    expect((await storage.list('item', { limit: 9, order: 'asc' }))!.records).toEqual([]);
  });

  test('may begin with nothing at all', async () => {
    const { conversations, texts } = connect();
    const { id, metadata } = await conversations.create();
    expect(metadata).toEqual({});
    expect(await texts(id)).toEqual([]);
  });

  test('takes items, lists them both ways and in pages, and lets them go', async () => {
    const { conversations, texts } = connect();
    const { id } = await conversations.create({ items: [user('a')] });
    const added = await conversations.items.create(id, {
      items: [user('b'), { role: 'assistant', content: 'c' }],
    });
    expect(added.data).toMatchObject([
      { type: 'message', role: 'user', status: 'completed', content: [{ type: 'input_text', text: 'b' }] },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'c' }] },
    ]);
    expect(await texts(id)).toEqual(['a', 'b', 'c']);
    expect(await texts(id, { limit: 2 })).toEqual(['c', 'b', 'a']);
    expect(await texts(id, { after: added.data[0]!.id })).toEqual(['a']);

    const key = { conversation_id: id };
    const b = added.data[0]!.id!;
    expect(await conversations.items.retrieve(b, key)).toEqual(added.data[0]);
    expect(await conversations.items.delete(b, key)).toMatchObject({ id, object: 'conversation' });
    expect(await texts(id)).toEqual(['a', 'c']);
    await expect(conversations.items.retrieve(b, key)).rejects.toThrow(NotFoundError);
    const include = ['message.output_text.logprobs' as const];
    await expect(conversations.items.retrieve(b, { ...key, include })).rejects.toMatchObject({ status: 400 });
    await expect(conversations.items.delete(b, key)).rejects.toThrow(NotFoundError);
  });

  test('has each item once; another may have it, too', async () => {
    const { conversations } = connect();
    const one = await conversations.create();
    const other = await conversations.create();
    const item = { type: 'message' as const, id: 'msg_1', role: 'user' as const, content: 'a' };
    await conversations.items.create(one.id, { items: [item] });
    await conversations.items.create(other.id, { items: [item] });
    await expect(conversations.items.create(one.id, { items: [user('b'), item] })).rejects.toThrow(
      ConflictError,
    );
    expect((await conversations.items.list(one.id)).data).toHaveLength(1);
  });

  test('is none of another name', async () => {
    const { conversations } = connect();
    for (const refused of [
      conversations.update('x', { metadata: {} }),
      conversations.delete('x'),
      conversations.items.create('x', { items: [user('a')] }),
      conversations.items.list('x'),
    ])
      await expect(refused).rejects.toThrow(NotFoundError);
  });

  test.each([
    [{ metadata: { a: 1 } }, 'metadata.a'],
    [{ items: Array(21).fill(user('a')) }, 'items'],
    [{ items: [{ role: 'user' }] }, 'items[0].content'],
    [{ colour: 1 }, 'colour'],
  ])('is refused for %j', async (body, param) => {
    const reply = await connect().app.request('/v1/conversations', {
      method: 'POST',
      body: JSON.stringify(body),
    });
    expect([reply.status, (await reply.json()).error.param]).toEqual([400, param]);
  });
});

describe('a response in a conversation', () => {
  test('reads all that was said, and adds what is said', async () => {
    const { conversations, responses, texts, engine } = connect({ each: [['one'], ['two']] });
    const { id } = await conversations.create({ items: [user('a')] });
    const first = await responses.create({ model: MODEL, input: 'b', conversation: id });
    expect(first.conversation).toEqual({ id });
    expect(await texts(id)).toEqual(['a', 'b', 'one']);

    await responses.stream({ model: MODEL, input: 'c', conversation: { id }, store: false }).finalResponse();
    expect(await texts(id)).toEqual(['a', 'b', 'one', 'c', 'two']);
    expect(engine.requests[1]!.prompt).toMatchObject({
      messages: ['a', 'b', 'one', 'c'].map((content) => ({ content })),
    });
  });

  test('reads a long conversation whole', async () => {
    const { conversations, responses, engine } = connect();
    const { id } = await conversations.create();
    for (let i = 0; i < 12; i++)
      await conversations.items.create(id, {
        items: Array.from({ length: 20 }, (_, j) => user(`${i * 20 + j}`)),
      });
    await responses.create({ model: MODEL, input: 'last', conversation: id });
    const { prompt } = engine.requests[0]!;
    expect(prompt.type === 'chat' && prompt.messages.map(({ content }) => content)).toEqual([
      ...Array.from({ length: 240 }, (_, i) => `${i}`),
      'last',
    ]);
  });

  test('that fails leaves it as it was', async () => {
    const { conversations, responses, texts } = connect({ steps: ['x', new Error('broken')] });
    const { id } = await conversations.create({ items: [user('a')] });
    await expect(responses.create({ model: MODEL, input: 'b', conversation: id })).rejects.toThrow();
    expect(await texts(id)).toEqual(['a']);
  });

  test('is not kept when its conversation is deleted meanwhile', async () => {
    const gate = Promise.withResolvers<void>();
    const { conversations, responses, storage } = connect({ steps: ['x', gate.promise] });
    const { id } = await conversations.create();
    const answer = responses.create({ model: MODEL, input: 'b', conversation: id });
    await conversations.delete(id);
    gate.resolve();
    await expect(answer).rejects.toThrow();
    for (const kind of ['item', 'response'] as const)
      expect((await storage.list(kind, { limit: 9, order: 'asc' }))!.records).toEqual([]);
  });
});
