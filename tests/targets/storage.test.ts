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
});
