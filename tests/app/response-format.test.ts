import { describe, expect, test } from 'vitest';
import { createApp } from '../../app/app.ts';
import { createSqlStorage } from '../../app/storage/sql-storage.ts';
import { openNodeSql } from '../../lambda/node-sql.ts';
import { checkApp } from '../support/check-reply.ts';
import { info, localSetup } from '../support/local-engine.ts';
import { recite } from '../support/scripted-llama.ts';
import { events, PLACE, testApp } from '../support/test-app.ts';

const jsonSchema = (schema: object, more: object = {}) => ({
  type: 'json_schema',
  json_schema: { name: 'answer', schema, ...more },
});

/** An app over the engine itself, on a Llama that says `text`. */
function appSaying(text: string) {
  const { engine } = localSetup({ script: recite(text) });
  const storage = createSqlStorage(openNodeSql(':memory:'), { maxBytes: 2 ** 20, now: () => 0 });
  const app = createApp({
    engine,
    storage,
    wakeBatches: async () => {},
    place: PLACE,
    now: () => 0,
    newId: () => 'id',
    log: () => {},
  });
  checkApp(app);
  return (response_format: object, more: object = {}) =>
    app.request('/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({
        model: info.id,
        messages: [{ role: 'user', content: 'hi' }],
        temperature: 0,
        max_tokens: 200,
        response_format,
        ...more,
      }),
    });
}

describe('response_format', () => {
  test.each([
    [{ type: 'text' }, undefined],
    [null, undefined],
    [{ type: 'json_object' }, { type: 'json' }],
    [{ type: 'json_schema', json_schema: { name: 'any' } }, { type: 'json' }],
    [jsonSchema({ type: 'string' }), { type: 'json_schema', schema: { type: 'string' } }],
    [
      jsonSchema({ type: 'array', title: 'A' }, { strict: false, description: 'Some.' }),
      { type: 'json_schema', schema: { type: 'array', title: 'A' } },
    ],
  ])('%j is %j to the engine', async (response_format, format) => {
    const { chat, engine } = testApp();
    expect((await chat({ response_format })).status).toBe(200);
    expect(engine.requests[0]!.format).toEqual(format);
  });

  test('holds a reply to its schema, in a stream too', async () => {
    const ask = appSaying('{"ok":true} as you asked');
    const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
    const reply = await (await ask(jsonSchema(schema))).json();
    expect(reply.choices[0]).toMatchObject({ message: { content: '{"ok":true}' }, finish_reason: 'stop' });

    const data = await events(await ask(jsonSchema(schema), { stream: true }));
    const chunks = data.slice(0, -1).map((event) => JSON.parse(event).choices[0]);
    expect(chunks.map(({ delta }) => delta.content ?? '').join('')).toBe('{"ok":true}');
    expect(chunks.at(-1)).toMatchObject({ finish_reason: 'stop' });
  });

  test('that is cut off says so', async () => {
    const reply = await (await appSaying('{"ok":true}')({ type: 'json_object' }, { max_tokens: 5 })).json();
    expect(reply.choices[0]).toMatchObject({ message: { content: '{"ok"' }, finish_reason: 'length' });
  });

  const at = (path: string) => `response_format.json_schema.schema${path}`;
  test.each([
    [{ type: 'object', properties: { x: { not: { const: 1 } } } }, at('.properties.x.not'), 'not'],
    [{ anyOf: [{}, { type: 'str' }] }, at('.anyOf[1].type'), 'must be one'],
    [{ $ref: '#/$defs/missing' }, at('.$ref'), 'leads nowhere'],
    [{ anyOf: [{ $ref: '#' }] }, at(''), 'nothing'],
    [
      { $defs: { 'a/b': { pattern: '(?<=x)' } }, $ref: '#/$defs/a~1b' },
      at('.$defs.a/b.pattern'),
      'lookbehind',
    ],
  ])('%j is refused by name', async (schema, param, message) => {
    const reply = await appSaying('')(jsonSchema(schema));
    expect(reply.status).toBe(400);
    const { error } = await reply.json();
    expect(error).toMatchObject({ type: 'invalid_request_error', code: 'invalid_schema', param });
    expect(error.message).toMatch(new RegExp(`^${param.replace(/[$[\].]/g, '\\$&')}: .*${message}`));
  });
});

test('a schema that turns out too ambiguous when the reply has begun ends it with a 400', async () => {
  const items = { anyOf: Array.from({ length: 5000 }, (_, i) => ({ type: 'array', maxItems: i + 2 })) };
  const reply = await appSaying('[[')(jsonSchema({ type: 'array', items }));
  expect(reply.status).toBe(400);
  const { error } = await reply.json();
  expect(error).toMatchObject({ code: 'invalid_schema', param: null });
  expect(error.message).toContain('too many ways at once');
});
