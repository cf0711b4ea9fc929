// Llama Stack's own client, as published, and the routes that only it calls.
import LlamaStackClient, { BadRequestError, NotFoundError } from 'llama-stack-client';
import { describe, expect, test } from 'vitest';
import { BusyError } from '../../engine/errors.ts';
import packageJson from '../../package.json' with { type: 'json' };
import type { Script } from '../support/scripted-engine.ts';
import { MODEL, PLACE, testApp } from '../support/test-app.ts';

const PROVIDER = {
  api: 'inference',
  provider_id: 'cria',
  provider_type: 'inline::cria',
  config: PLACE,
  health: { status: 'OK' },
};

function connect(script: Partial<Script> = {}) {
  const { app } = testApp(script);
  return new LlamaStackClient({
    baseURL: 'http://localhost',
    maxRetries: 0,
    fetch: (async (url: string, init: RequestInit) => app.request(url, init)) as never,
  });
}

describe('the llama-stack client', () => {
  test('hears of health and version', async () => {
    expect(await connect().inspect.health()).toMatchObject({ status: 'OK' });
    expect(await connect().inspect.version()).toEqual({ version: packageJson.version });
  });

  test('lists the routes, each with what answers it', async () => {
    const routes = await connect().routes.list();
    expect(routes).toContainEqual({
      route: '/v1/chat/completions',
      method: 'POST',
      provider_types: ['inline::cria'],
    });
    expect(routes.filter(({ route }) => route === '/v1/models/{id}')).toHaveLength(1);
    expect(routes.some(({ route }) => !route.startsWith('/v1/'))).toBe(false);
  });

  test('filters routes by level: all of ours are v1', async () => {
    const { routes } = connect();
    expect(await routes.list({ api_filter: 'v1' })).toEqual(await routes.list());
    for (const level of ['v1alpha', 'v1beta', 'deprecated'] as const)
      expect(await routes.list({ api_filter: level })).toEqual([]);
    await expect(routes.list({ api_filter: 'v2' as 'v1' })).rejects.toMatchObject({
      status: 400,
      error: { error: { param: 'api_filter' } },
    });
  });

  test('lists providers, and finds one', async () => {
    const { providers } = connect();
    expect(await providers.list()).toEqual([PROVIDER]);
    expect(await providers.retrieve('cria')).toEqual(PROVIDER);
    await expect(providers.retrieve('ollama')).rejects.toThrow(NotFoundError);
    const [failed] = await connect({ stats: { state: 'failed' } }).providers.list();
    expect(failed!.health).toEqual({ status: 'Error' });
  });

  test('lists models, and finds one whose id has a slash', async () => {
    const { models } = connect();
    expect((await models.list()).map(({ id }) => id)).toEqual([MODEL]);
    expect(await models.retrieve(MODEL)).toMatchObject({
      identifier: MODEL,
      provider_id: 'cria',
      model_type: 'llm',
    });
    await expect(models.retrieve('a/b')).rejects.toThrow(NotFoundError);
  });

  test('chats, whole and streamed', async () => {
    const { chat } = connect({ steps: ['Hel', 'lo'] });
    const body = { model: MODEL, messages: [{ role: 'user' as const, content: 'hi' }] };
    const whole = await chat.completions.create(body);
    expect((whole as unknown as Whole).choices[0]!.message.content).toBe('Hello');

    let text = '';
    for await (const { choices } of await chat.completions.create({ ...body, stream: true }))
      text += choices[0]!.delta.content ?? '';
    expect(text).toBe('Hello');
  });

  test('hears that there are no lists of what was said', async () => {
    const { chat, responses } = connect();
    for (const list of [chat.completions.list(), responses.list()])
      await expect(list).rejects.toMatchObject({ status: 405, error: { title: 'Method Not Allowed' } });
  });

  test('has an error class for each refusal, with Llama Stack’s fields', async () => {
    const messages = [{ role: 'user' as const, content: 'hi' }];
    const refused = (script: Partial<Script>, fields: object) =>
      connect(script).chat.completions.create({ model: MODEL, messages, ...fields });
    await expect(refused({}, { temperature: 9 })).rejects.toThrow(BadRequestError);
    await expect(refused({ refusal: new BusyError(4, 1) }, {})).rejects.toMatchObject({
      status: 429,
      error: { status: 429, title: 'Too Many Requests', detail: expect.stringContaining('4') },
    });
  });
});

interface Whole {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
}
