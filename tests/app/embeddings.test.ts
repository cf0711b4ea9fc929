import { describe, expect, test } from 'vitest';
import { BusyError, ContextLengthError, DimensionsError } from '../../engine/errors.ts';
import { VECTOR } from '../support/scripted-engine.ts';
import { MODEL, testApp } from '../support/test-app.ts';

describe('POST /v1/embeddings', () => {
  test('gives a vector for each input, and the bill', async () => {
    const reply = await testApp().embed({ input: ['one', 'two'] });
    expect(reply.status).toBe(200);
    expect(await reply.json()).toEqual({
      object: 'list',
      data: [0, 1].map((index) => ({ object: 'embedding', index, embedding: [...VECTOR] })),
      model: MODEL,
      usage: { prompt_tokens: 6, total_tokens: 6 },
    });
  });

  test('writes the same numbers as base64', async () => {
    const { data } = await (await testApp().embed({ encoding_format: 'base64' })).json();
    const bytes = Uint8Array.from(atob(data[0].embedding), (character) => character.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    expect(Float32Array.from(VECTOR, (_, i) => view.getFloat32(4 * i, true))).toEqual(VECTOR);
    expect(bytes).toHaveLength(4 * VECTOR.length);
  });

  test.each([
    { input: 'one', as: [{ type: 'text', text: 'one' }] },
    { input: ['one'], as: [{ type: 'text', text: 'one' }] },
    { input: [7, 8], as: [{ type: 'tokens', ids: [7, 8] }] },
    { input: [[7], [8, 9]], as: [[7], [8, 9]].map((ids) => ({ type: 'tokens', ids })) },
  ])('reads the input $input', async ({ input, as }) => {
    const { embed, engine } = testApp();
    expect((await embed({ input })).status).toBe(200);
    expect(engine.embedded[0]!.inputs).toEqual(as);
  });

  test('hands on how many numbers are wanted', async () => {
    const { embed, engine } = testApp();
    const { data } = await (await embed({ dimensions: 2, user: 'someone' })).json();
    expect(data[0].embedding).toHaveLength(2);
    await embed({ dimensions: null });
    expect(engine.embedded.map((request) => request.dimensions)).toEqual([2, undefined]);
  });

  test.each([
    [new DimensionsError(4096, 2048), 400, 'dimensions', 'invalid_dimensions'],
    [new ContextLengthError(9000, 0, 8192), 400, 'input', 'context_length_exceeded'],
    [new BusyError(4, 1), 429, null, 'model_busy'],
  ])('says what the engine refuses: %s', async (refusal, status, param, code) => {
    const reply = await testApp({ refusal }).embed();
    expect(reply.status).toBe(status);
    expect((await reply.json()).error).toMatchObject({ param, code, message: refusal.message });
  });
});
