import { expect, test } from 'vitest';
import { checkApp, checkReply } from './check-reply.ts';
import { openApiExtract } from './openapi-extracts.ts';
import { openApiValidator } from './openapi-validator.ts';
import { testApp } from './test-app.ts';

const chat = async (fields: object = {}) => (await testApp().chat(fields)).json();
const check = (
  value: unknown,
  { path = '/v1/chat/completions', status = 200, type = 'application/json' } = {},
) =>
  checkReply(
    'POST',
    path,
    new Response(typeof value === 'string' ? value : JSON.stringify(value), {
      status,
      headers: { 'content-type': type },
    }),
  );

test('a reply as documented passes unharmed', async () => {
  const reply = await chat();
  expect(await (await check(reply)).json()).toEqual(reply);
});

test('what the document does not promise is seen', async () => {
  const reply = await chat();
  const [choice] = reply.choices;
  await expect(check({ ...reply, extra: 1 })).rejects.toThrow('must NOT have additional properties');
  await expect(check({ ...reply, choices: [{ ...choice, extra: 1 }] })).rejects.toThrow('choices/0');
  await expect(check({ ...reply, id: undefined })).rejects.toThrow("must have required property 'id'");
  await expect(check({ ...reply, created: 1.5 })).rejects.toThrow('created must be integer');
  await expect(check(reply, { status: 201 })).rejects.toThrow("201: 'application/json' with");
  await expect(check(reply, { status: 400 })).rejects.toThrow("must have required property 'error'");
  await expect(check(reply, { path: '/v1/chat/nothing' })).rejects.toThrow('no such path');
  await expect(check(reply, { type: 'text/html' })).rejects.toThrow("200: 'text/html' with");
});

test('each event of a stream is held against the document', async () => {
  const whole = await (await testApp().chat({ stream: true })).text();
  const stream = async (text: string) => (await check(text, { type: 'text/event-stream' })).text();
  expect(await stream(whole)).toBe(whole);
  await expect(stream(whole.replace('"created"', '"made"'))).rejects.toThrow("required property 'created'");
  await expect(stream(whole.replace('"delta":{', '"delta":{"extra":1,'))).rejects.toThrow(
    'not as documented',
  );
  await expect(stream(`${whole}data: [DONE]\n\n`)).rejects.toThrow('after the last');
  await expect(stream(whole.replace('data: ', 'data '))).rejects.toThrow('not an event');
});

test("OpenAI's and Llama Stack's own documents are asked too", async () => {
  const judge = (extract: 'openai-2.3.0' | 'llama-stack-0.7.1', method: string, path: string) => {
    const theirs = openApiValidator(openApiExtract(extract), { closed: false });
    return theirs.judge(theirs.find(method, path)!, 200, 'application/json')!;
  };
  const reply = await chat();
  const openAi = judge('openai-2.3.0', 'POST', '/v1/chat/completions');
  expect(openAi(reply)).toBeUndefined();
  expect(openAi({ ...reply, choices: [{ ...reply.choices[0], logprobs: undefined }] })).toContain('logprobs');
  const llamaStack = judge('llama-stack-0.7.1', 'GET', '/v1/models/a/b');
  expect(llamaStack({ identifier: 'a/b' })).toContain('provider_id');
});

test('a request that is accepted, and that the document refuses, is seen', async () => {
  const reply = await chat();
  const yielding = checkApp({ fetch: async () => Response.json(reply) } as never) as unknown as {
    fetch(request: Request): Promise<Response>;
  };
  const ask = (body: object) =>
    yielding.fetch(
      new Request('http://localhost/v1/chat/completions', { method: 'POST', body: JSON.stringify(body) }),
    );
  const request = { model: 'a', messages: [{ role: 'user', content: 'hi' }] };
  expect((await ask(request)).status).toBe(200);
  await expect(ask({ ...request, colour: 1 })).rejects.toThrow('refuses what is accepted');
});
