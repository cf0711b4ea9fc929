/** What every door must do, over real HTTP, with the real default model behind it. Tests of the app say the rest. */
import { once } from 'node:events';
import { connect } from 'node:net';
import OpenAI, { BadRequestError, NotFoundError } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApiDocument } from '../../app/openapi.ts';
import { CATALOGUE } from '../../models/catalogue.ts';
import { checkedFetch } from '../support/check-reply.ts';

/** One way in, started and listening. */
export interface Door extends AsyncDisposable {
  readonly url: URL;
}

interface Reply {
  readonly choices: readonly {
    readonly message: { readonly content: string };
    readonly finish_reason: string;
  }[];
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
    readonly prompt_tokens_details: { readonly cached_tokens: number };
  };
}

interface Health {
  readonly state: string;
  readonly runtime: string;
  readonly running: number;
  readonly waiting: number;
}

const MODEL = CATALOGUE[0]!.id;
const ASK = [{ role: 'user' as const, content: 'Tell me about llamas.' }];

export function contract(runtime: string, open: (vars: Record<string, string>) => Promise<Door>): void {
  let door: Door;
  beforeAll(async () => {
    door = await open({});
  });
  afterAll(() => door[Symbol.asyncDispose]());

  const send = (path: string, init?: RequestInit) => checkedFetch(new URL(path, door.url), init);
  const chat = (fields: object, signal?: AbortSignal, at = door) =>
    checkedFetch(new URL('/v1/chat/completions', at.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: MODEL, messages: ASK, temperature: 0, max_tokens: 8, ...fields }),
      ...(signal === undefined ? {} : { signal }),
    });
  const reply = async (fields: object, at = door): Promise<Reply> => {
    const response = await chat(fields, undefined, at);
    expect(response.status).toBe(200);
    return (await response.json()) as Reply;
  };
  const promptTokens = async () =>
    Number(/^vllm:prompt_tokens_total (\d+)/m.exec(await (await send('/metrics')).text())![1]);
  const health = async () => (await (await send('/v1/health')).json()) as Health;

  describe('a chat completion', () => {
    test('is text, a reason and a bill that adds up', async () => {
      const { choices, usage } = await reply({});
      expect(choices[0]!.message.content.length).toBeGreaterThan(8);
      expect(choices[0]!.finish_reason).toBe('length');
      expect(usage.completion_tokens).toBe(8);
      expect(usage.total_tokens).toBe(usage.prompt_tokens + 8);
    });

    test('streams the same text, then a reason, then usage, then [DONE]', async () => {
      await reply({});
      const whole = await reply({}); // the second time, so that both find the same tokens read already
      const response = await chat({ stream: true, stream_options: { include_usage: true } });
      expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);

      const events = (await response.text()).split('\n\n').filter((event) => event !== '');
      expect(events.at(-1)).toBe('data: [DONE]');
      const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice('data: '.length)));
      expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(
        whole.choices[0]!.message.content,
      );
      expect(chunks.at(-2).choices[0].finish_reason).toBe('length');
      expect(chunks.at(-1).usage).toEqual(whole.usage);
    });

    test('streams while it computes', async () => {
      const response = await chat({ stream: true, max_tokens: 64 });
      const arrivals: number[] = [];
      for await (const _ of response.body!) arrivals.push(performance.now());
      expect(arrivals.length).toBeGreaterThan(16); // and not one lump at the end
    });

    test('stops before a stop string, and does not say it', async () => {
      const { content } = (await reply({ max_tokens: 32 })).choices[0]!.message;
      const word = content.split(/\s+/)[3]!;
      const stopped = await reply({ max_tokens: 32, stop: word });
      expect(stopped.choices[0]!.finish_reason).toBe('stop');
      expect(stopped.choices[0]!.message.content).toBe(content.slice(0, content.indexOf(word)));
    });

    test('ends a turn by itself', async () => {
      const messages = [{ role: 'user', content: 'Say only: yes' }];
      const { choices, usage } = await reply({ messages, max_tokens: 200 });
      expect(choices[0]!.finish_reason).toBe('stop');
      expect(usage.completion_tokens).toBeLessThan(200);
    });

    test('is the same for the same seed, and another for another', async () => {
      const seeded = async (seed: number) =>
        (await reply({ temperature: 1.5, seed, max_tokens: 16 })).choices[0]!.message.content;
      const first = await seeded(7);
      expect(await seeded(7)).toBe(first);
      expect(await seeded(8)).not.toBe(first);
    });

    test('reads a special token that a user types as text', async () => {
      const tokens = async (content: string) =>
        (await reply({ messages: [{ role: 'user', content }], max_tokens: 1 })).usage.prompt_tokens;
      // As a control token it would be one; spelt out it is <, |, im, _, end, |, > or so.
      expect((await tokens('a<|im_end|>b')) - (await tokens('a b'))).toBeGreaterThan(3);
    });
  });

  test('what it says is as likely as it is when it is read', async () => {
    const text = async (fields: object) => {
      const body = JSON.stringify({ model: MODEL, temperature: 0, logprobs: 2, ...fields });
      const response = await send('/v1/completions', { method: 'POST', body });
      expect(response.status).toBe(200);
      return (await response.json()).choices[0];
    };
    const prompt = 'The capital of France is';
    const said = await text({ prompt, max_tokens: 6 });
    const read = await text({ prompt: prompt + said.text, max_tokens: 0, echo: true });
    expect(read.text).toBe(prompt + said.text);
    expect(read.logprobs.tokens.slice(-6)).toEqual(said.logprobs.tokens);
    expect(read.logprobs.token_logprobs[0]).toBeNull();
    for (const [i, logprob] of said.logprobs.token_logprobs.entries()) {
      expect(read.logprobs.token_logprobs.at(i - 6)).toBeCloseTo(logprob, 4);
      expect(Math.max(...Object.values<number>(said.logprobs.top_logprobs[i]))).toBe(logprob); // greedy
    }
  });

  test('choices share a prompt, which is read once', async () => {
    const messages = [{ role: 'user', content: `Nobody has asked this of ${runtime} before: what is wool?` }];
    const before = await promptTokens();
    const { choices, usage } = await reply({ messages, n: 4, temperature: 1.5, seed: 1, max_tokens: 12 });
    expect(new Set(choices.map(({ message }) => message.content)).size).toBeGreaterThan(1);
    expect(usage.completion_tokens).toBeGreaterThan(12);
    expect((await promptTokens()) - before).toBeLessThan(usage.prompt_tokens + 4);
  });

  test('a text becomes a vector of length 1, the same each time', async () => {
    const embed = async (input: string) => {
      const body = JSON.stringify({ model: MODEL, input });
      const response = await send('/v1/embeddings', { method: 'POST', body });
      return (await response.json()).data[0].embedding as number[];
    };
    const vector = await embed('Llamas carry wool.');
    expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    expect(await embed('Llamas carry wool.')).toEqual(vector);
    expect(await embed('It rains in Paris.')).not.toEqual(vector);
  });

  test("a conversation's next turn reads only what is new, and is what a server without a past says", async () => {
    const { choices, usage } = await reply({ max_tokens: 24 });
    const said = { role: 'assistant', content: choices[0]!.message.content };
    const messages = [...ASK, said, { role: 'user', content: 'What do they eat?' }];
    const next = await reply({ messages, max_tokens: 24 });
    const cached = next.usage.prompt_tokens_details.cached_tokens;
    expect(cached).toBeGreaterThan(usage.prompt_tokens);
    expect(cached).toBeLessThan(next.usage.prompt_tokens);

    const fresh = await open({ CRIA_PREFIX_CACHE: '0' });
    const again = await reply({ messages, max_tokens: 24 }, fresh);
    await fresh[Symbol.asyncDispose]();
    expect(again.usage.prompt_tokens_details.cached_tokens).toBe(0);
    expect(again.choices).toEqual(next.choices);
  });

  describe('a refusal', () => {
    test.each([
      { why: 'no messages', fields: { messages: [] }, status: 400, says: 'messages' },
      { why: 'messages that are text', fields: { messages: 'hello' }, status: 400, says: 'messages' },
      { why: 'a negative max_tokens', fields: { max_tokens: -1 }, status: 400, says: 'max_tokens' },
      { why: 'a temperature of 3', fields: { temperature: 3 }, status: 400, says: 'temperature' },
      { why: 'an unknown field', fields: { colour: 'red' }, status: 400, says: 'colour' },
      { why: 'another model', fields: { model: 'gpt-9' }, status: 404, says: 'gpt-9' },
      {
        why: 'a prompt beyond the context',
        fields: { messages: [{ role: 'user', content: 'llama '.repeat(20_000) }] },
        status: 400,
        says: 'context_length_exceeded',
      },
      {
        why: 'a reply beyond the context',
        fields: { max_tokens: 1_000_000 },
        status: 400,
        says: 'context_length_exceeded',
      },
    ])('of $why names it', async ({ fields, status, says }) => {
      const response = await chat(fields);
      expect(response.status).toBe(status);
      expect(await response.text()).toContain(says);
    });

    test('of a body that is not JSON', async () => {
      const response = await send('/v1/chat/completions', { method: 'POST', body: '{"model":' });
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('invalid_json');
    });

    test.each(['with its length', 'in chunks'])('of a body of 10 MB sent %s', async (how) => {
      const bytes = new Uint8Array(10_000_000).fill(0x20);
      const body = how === 'in chunks' ? new Blob([bytes]).stream() : bytes;
      const response = await send('/v1/chat/completions', {
        method: 'POST',
        body,
        duplex: 'half',
      } as RequestInit);
      expect(response.status).toBe(413);
    });

    test('of a body of 10 MB reaches who reads nothing before all of it is sent', async () => {
      const { hostname, port } = door.url;
      const socket = connect(Number(port), hostname);
      const answered = once(socket, 'data');
      socket.pause();
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: 10000000\r\n\r\n`,
      );
      const piece = Buffer.alloc(100_000, ' ');
      for (let sent = 0; sent < 10_000_000; sent += piece.length)
        await new Promise<void>((resolve, reject) => {
          socket.write(piece, (error) => (error ? reject(error) : resolve()));
        });
      socket.resume();
      expect(String(await answered)).toMatch(/^HTTP\/1\.1 413 /);
      socket.destroy();
    });

    test.each([
      { method: 'GET', path: '/v1/chat/completions', status: 405 },
      { method: 'GET', path: '/v1/nothing', status: 404 },
    ])('of $method $path with $status', async ({ method, path, status }) => {
      expect((await send(path, { method })).status).toBe(status);
    });
  });

  describe('many clients', () => {
    test('are all answered, more of them than compute at once', async () => {
      const replies = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          reply({ messages: [{ role: 'user', content: `What is ${i} plus ${i}?` }], max_tokens: 6 }),
        ),
      );
      expect(replies.map(({ usage }) => usage.completion_tokens)).toEqual(Array(20).fill(6));
      expect(await health()).toMatchObject({ running: 0, waiting: 0 });
    });

    test('get their own text while others get theirs', async () => {
      const alone = (await reply({ max_tokens: 24 })).choices[0]!.message.content;
      const [beside] = await Promise.all([
        reply({ max_tokens: 24 }),
        reply({ messages: [{ role: 'user', content: 'Write a poem.' }], max_tokens: 24 }),
        reply({ messages: [{ role: 'user', content: 'List colours.' }], max_tokens: 24 }),
      ]);
      expect(beside.choices[0]!.message.content).toBe(alone);
    });

    test('may leave in the middle, and give their places back', async () => {
      await Promise.all(
        Array.from({ length: 12 }, async () => {
          const leave = new AbortController();
          const response = await chat({ stream: true, max_tokens: 4000 }, leave.signal);
          await response.body!.getReader().read();
          leave.abort();
        }),
      );
      await expect
        .poll(health, { timeout: 30_000 })
        .toMatchObject({ state: 'ready', running: 0, waiting: 0 });
      await reply({});
    });

    test('may break off before a reply that is not streamed', async () => {
      const { hostname, port } = door.url;
      const socket = connect(Number(port), hostname);
      const body = JSON.stringify({ model: MODEL, messages: ASK, max_tokens: 8000 });
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      await expect.poll(health, { timeout: 10_000 }).toMatchObject({ running: 1 });
      socket.resetAndDestroy(); // a polite end looks like a client that has no more to say, and still listens
      await expect.poll(health, { timeout: 10_000 }).toMatchObject({ running: 0, waiting: 0 });
    });

    test('do not keep health waiting', async () => {
      const busy = reply({ max_tokens: 48 });
      let answers = 0;
      let done = false;
      void busy.then(() => {
        done = true;
      });
      while (!done) {
        await health();
        answers++;
      }
      expect(answers).toBeGreaterThan(8); // one between any two tokens would be 48
    });
  });

  test('health says what runs here', async () => {
    expect(await health()).toMatchObject({ state: 'ready', runtime });
  });

  test('the document that all answers here are held against is the one it publishes', async () => {
    expect(await (await send('/openapi.json')).json()).toEqual(openApiDocument());
  });

  test('the playground is at /', async () => {
    const page = await fetch(door.url);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    const script = /<script[^>]+src="([^"]+)"/.exec(await page.text())![1]!;
    expect((await fetch(new URL(script, door.url))).headers.get('content-type')).toMatch(/javascript/);
  });

  describe('the openai client', () => {
    const client = () =>
      new OpenAI({
        apiKey: 'none',
        baseURL: new URL('/v1', door.url).href,
        maxRetries: 0,
        fetch: checkedFetch,
      });

    test('lists and finds the model', async () => {
      const ids = (await client().models.list()).data.map(({ id }) => id);
      expect(ids).toEqual([MODEL]);
      expect((await client().models.retrieve(MODEL)).id).toBe(MODEL);
    });

    test('chats', async () => {
      const body = { model: MODEL, messages: ASK, max_tokens: 8, temperature: 0 };
      const { choices } = await client().chat.completions.create(body);
      expect(choices[0]!.message).toMatchObject({ role: 'assistant', content: expect.stringMatching(/\w/) });
    });

    test('reads a stream to its end', async () => {
      const stream = client().chat.completions.stream({
        model: MODEL,
        messages: ASK,
        max_tokens: 8,
        temperature: 0,
      });
      const streamed = await stream.finalContent();
      expect(streamed).toBe((await reply({})).choices[0]!.message.content);
    });

    test('breaks a stream off', async () => {
      const stream = await client().chat.completions.create({
        model: MODEL,
        messages: ASK,
        max_tokens: 4000,
        stream: true,
      });
      for await (const _ of stream) break;
      await expect.poll(health, { timeout: 30_000 }).toMatchObject({ running: 0 });
    });

    test('completes text', async () => {
      const { choices } = await client().completions.create({
        model: MODEL,
        prompt: 'The capital of France is',
        max_tokens: 4,
        temperature: 0,
      });
      expect(choices[0]!.text).toContain('Paris');
    });

    test('throws the error that fits', async () => {
      const { completions } = client().chat;
      await expect(completions.create({ model: 'gpt-9', messages: ASK })).rejects.toThrow(NotFoundError);
      await expect(completions.create({ model: MODEL, messages: [] })).rejects.toThrow(BadRequestError);
    });
  });
}
