/** What a server was given to keep, the next one has: behind every door, with the real model. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../models/catalogue.ts';
import { checkedFetch } from '../support/check-reply.ts';
import { openNode } from '../support/node-door.ts';
import { openWorkerd } from '../support/workerd-door.ts';
import type { Door } from './contract.ts';

const MODEL = CATALOGUE[0]!.id;

describe.each([
  { name: 'node', open: openNode },
  { name: 'workerd', open: openWorkerd },
])('behind the $name door', ({ open }) => {
  let storage: string;
  let door: Door;
  let client: OpenAI;
  const start = async () => {
    door = await open({ storage });
    client = new OpenAI({
      apiKey: 'none',
      baseURL: new URL('/v1', door.url).href,
      maxRetries: 0,
      fetch: checkedFetch as typeof fetch,
    });
  };
  const restart = async () => {
    await door[Symbol.asyncDispose]();
    await start();
  };
  beforeAll(async () => {
    storage = await mkdtemp(join(tmpdir(), 'cria-stored-'));
    await start();
  });
  afterAll(async () => {
    await door[Symbol.asyncDispose]();
    await rm(storage, { recursive: true });
  });

  test('a file of several chunks is there after a restart, and gone when it is deleted', async () => {
    const text = `${'line of a file\n'.repeat(50_000)}end`;
    const made = await client.files.create({
      file: await toFile(new Blob([text]), 'lines.txt'),
      purpose: 'user_data',
    });
    await restart();
    expect(await client.files.retrieve(made.id)).toEqual(made);
    expect(await (await client.files.content(made.id)).text()).toBe(text);
    expect((await client.files.list()).data).toEqual([made]);
    await client.files.delete(made.id);
    expect((await client.files.list()).data).toEqual([]);
  });

  test('a response is continued after a restart, by its id and in its conversation', async () => {
    const ask = { model: MODEL, temperature: 0, max_output_tokens: 16 };
    const { id: conversation } = await client.conversations.create();
    const first = await client.responses.create({ ...ask, input: 'Tell me about llamas.', conversation });
    await restart();
    expect(await client.responses.retrieve(first.id)).toMatchObject({ output: first.output });

    const input = 'What do they eat?';
    const byId = await client.responses.create({ ...ask, input, previous_response_id: first.id });
    const inIt = await client.responses.stream({ ...ask, input, conversation }).finalResponse();
    const { choices } = await client.chat.completions.create({
      model: MODEL,
      temperature: 0,
      max_tokens: 16,
      messages: [
        { role: 'user', content: 'Tell me about llamas.' },
        { role: 'assistant', content: first.output_text },
        { role: 'user', content: input },
      ],
    });
    expect(byId.output_text).toBe(choices[0]!.message.content);
    expect(inIt.output_text).toBe(choices[0]!.message.content);
    expect((await client.conversations.items.list(conversation)).data).toHaveLength(4);
  });

  test('a batch goes on after a restart, does no line twice, and lets others go first', async () => {
    const lines = Array.from({ length: 12 }, (_, i) =>
      JSON.stringify({
        custom_id: `line-${i}`,
        method: 'POST',
        url: '/v1/chat/completions',
        body: {
          model: MODEL,
          messages: [{ role: 'user', content: `What is ${i} plus ${i}?` }],
          max_tokens: i === 11 ? -1 : 12,
        },
      }),
    );
    const file = await client.files.create({
      file: await toFile(new Blob([lines.join('\n')]), 'in.jsonl'),
      purpose: 'batch',
    });
    const { id } = await client.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    });
    const batch = () => client.batches.retrieve(id);
    await expect
      .poll(async () => (await batch()).request_counts!.completed, { timeout: 30_000 })
      .toBeGreaterThan(0);
    await restart();

    const ask = { model: MODEL, input: 'Say only: yes', max_output_tokens: 4 };
    expect((await client.responses.create(ask)).output_text).toMatch(/\w/);
    await expect.poll(async () => (await batch()).status, { timeout: 60_000 }).toBe('completed');

    const done = await batch();
    expect(done.request_counts).toEqual({ total: 12, completed: 11, failed: 1 });
    const content = await (await client.files.content(done.output_file_id!)).text();
    const results = content
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(new Set(results.map(({ custom_id }) => custom_id)).size).toBe(11);
    for (const { response } of results) expect(response.body.choices[0].message.content).toMatch(/\w/);
    expect(await (await client.files.content(done.error_file_id!)).text()).toContain('max_tokens');
  });
});
