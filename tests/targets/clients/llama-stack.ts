import LlamaStackClient, { BadRequestError as LlamaStackBadRequest } from 'llama-stack-client';
import { describe, expect, test } from 'vitest';
import { checkedFetch } from '../../support/check-reply.ts';
import type { Door } from '../contract.ts';
import { MODEL, says } from './scenes.ts';

/** Its uploads are streams, of which Node's own fetch must be told. */
const duplexFetch = (url: string, init: RequestInit) =>
  checkedFetch(url, { ...init, duplex: 'half' } as RequestInit);

export function llamaStackClient(door: () => Door): void {
  describe('llama-stack-client', () => {
    const stack = () =>
      new LlamaStackClient({ baseURL: door().url.href, maxRetries: 0, fetch: duplexFetch as never });

    test('health, version, routes and providers', async () => {
      expect(await stack().inspect.health()).toMatchObject({ status: 'OK', state: 'ready' });
      expect((await stack().inspect.version()).version).toMatch(/^\d+\.\d+\.\d+$/);
      const routes = (await stack().routes.list()).map(({ method, route }) => `${method} ${route}`);
      expect(routes).toContain('POST /v1/chat/completions');
      expect(await stack().providers.list()).toMatchObject([{ api: 'inference', health: { status: 'OK' } }]);
    });

    test('models, their ids unescaped', async () => {
      expect((await stack().models.list()).map(({ id }) => id)).toEqual([MODEL]);
      expect(await stack().models.retrieve(MODEL)).toMatchObject({ identifier: MODEL, model_type: 'llm' });
    });

    test('chats, whole and streamed', async () => {
      const { completions } = stack().chat;
      const whole = await completions.create({ model: MODEL, messages: says('Yes.') });
      expect(whole).toMatchObject({ choices: [{ message: { content: 'Yes.' } }] });
      let text = '';
      for await (const { choices } of await completions.create({
        model: MODEL,
        messages: says('a b c'),
        stream: true,
      }))
        text += choices[0]!.delta.content ?? '';
      expect(text).toBe('a b c');
    });

    test('answers with what was said before', async () => {
      const { responses } = stack();
      const first = await responses.create({ model: MODEL, input: 'one\n{last}: two' });
      const next = await responses.create({
        model: MODEL,
        input: 'And then?',
        previous_response_id: first.id,
      });
      expect(next.output).toMatchObject([
        { type: 'message', content: [{ type: 'output_text', text: 'And then?: two' }] },
      ]);
      expect((await responses.retrieve(next.id)).previous_response_id).toBe(first.id);
    });

    test('makes vectors of texts, and keeps files', async () => {
      const { data } = await stack().embeddings.create({ model: MODEL, input: ['ab', 'cd'] });
      expect(data.map(({ embedding }) => Math.round(Math.hypot(...(embedding as number[])) * 1e5))).toEqual([
        1e5, 1e5,
      ]);
      const { files } = stack();
      const file = await files.create({ file: new File(['text'], 'a.txt'), purpose: 'assistants' });
      expect((await files.retrieve(file.id)).bytes).toBe(4);
      expect(await files.delete(file.id)).toMatchObject({ deleted: true });
    });

    test('hears which parameter is refused', async () => {
      const refused = stack().chat.completions.create({
        model: MODEL,
        messages: says('x'),
        temperature: 9,
      });
      await expect(refused).rejects.toThrow(LlamaStackBadRequest);
      await expect(refused).rejects.toMatchObject({
        error: { title: 'Bad Request', error: { param: 'temperature' } },
      });
    });
  });
}
