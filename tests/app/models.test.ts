import { expect, test } from 'vitest';
import { SCRIPTED_MODEL } from '../support/scripted-engine.ts';
import { MODEL, testApp } from '../support/test-app.ts';

const ANSWER = {
  id: MODEL,
  object: 'model',
  created: SCRIPTED_MODEL.created,
  owned_by: 'meta-llama',
  custom_metadata: { context_length: 131_072, licence: 'llama3.2' },
  identifier: MODEL,
  provider_resource_id: MODEL,
  provider_id: 'cria',
  type: 'model',
  model_type: 'llm',
  metadata: { context_length: 131_072, licence: 'llama3.2' },
};

test('GET /v1/models lists every model', async () => {
  const { app } = testApp({ models: [SCRIPTED_MODEL, { ...SCRIPTED_MODEL, id: 'smol' }] });
  const { object, data } = await (await app.request('/v1/models')).json();
  expect(object).toBe('list');
  expect(data[0]).toEqual(ANSWER);
  expect(data.map(({ id }: { id: string }) => id)).toEqual([MODEL, 'smol']);
});

test.each([MODEL, encodeURIComponent(MODEL), encodeURI(MODEL)])(
  'GET /v1/models/%s finds the model, slash and all',
  async (id) => {
    const reply = await testApp().app.request(`/v1/models/${id}`);
    expect(reply.status).toBe(200);
    expect(await reply.json()).toEqual(ANSWER);
  },
);

test.each(['meta-llama', `${MODEL}/`, `${MODEL}x`, '%E0%A4%A'])('GET /v1/models/%s is 404', async (id) => {
  const reply = await testApp().app.request(`/v1/models/${id}`);
  expect(reply.status).toBe(404);
  expect((await reply.json()).error).toMatchObject({ code: 'model_not_found', param: 'model' });
});
