// Replies held to a format, from request to text, on a Llama that says what it likes.
import { describe, expect, test } from 'vitest';
import type { CompletionRequest, Format, Sampling } from '../../../engine/engine.ts';
import { SchemaError } from '../../../engine/errors.ts';
import { ask, localSetup, never, request } from '../../support/local-engine.ts';
import { greedy } from '../../support/sampling.ts';
import { EOS, recite, type Script, VOCAB } from '../../support/scripted-llama.ts';

const schema = (schema: Record<string, unknown>): Format => ({ type: 'json_schema', schema });
const person = schema({
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
});

/** Logits that are a function of what was said, with no end in sight but a liking for closing. */
const scribble: Script = (tokens) => {
  let hash = 2166136261;
  for (const id of tokens) hash = Math.imul(hash ^ id, 16777619);
  return Float32Array.from({ length: VOCAB }, (_, id) => {
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    const liking = id < 128 ? (['"', '}', ']'].includes(String.fromCharCode(id)) ? 7 : 3) : 0;
    return (hash >>> 8) / 2 ** 22 + liking;
  });
};

const held = (format: Format, more: Partial<CompletionRequest> = {}) =>
  request('x>', { format, maxTokens: 400, ...more });

describe('a reply held to a format', () => {
  test('is what the model wants to say, where that is what it has to be', async () => {
    const text = '{"name": "Ada", "age": 36}';
    const { engine, llama } = localSetup({ script: recite(text) });
    const { text: said, done } = await ask(engine, held(person));
    expect(said).toBe(text);
    expect(done).toMatchObject({ reason: 'stop', usage: { completionTokens: text.length } });
    // It ends with its last brace: no step more, to hear the model say so.
    expect(llama.batches.flat().filter(({ logits }) => logits !== 'none')).toHaveLength(text.length);
  });

  test('is what it has to be, where the model wants something else', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { engine } = localSetup({ script: scribble });
      const sampling: Sampling = { ...greedy, temperature: 1, seed };
      const { text, done } = await ask(engine, held(person, { sampling }));
      expect(done.reason).toBe('stop');
      expect(JSON.parse(text)).toEqual({ name: expect.any(String), age: expect.any(Number) });
    }
  });

  test('goes on past where a number could end, until the model ends it', async () => {
    const { engine } = localSetup({ script: recite('1234') });
    const { text, done } = await ask(engine, held(schema({ type: 'integer' })));
    expect([text, done.reason]).toEqual(['1234', 'stop']);
  });

  test('does not end before it is whole, however much the model wants to', async () => {
    const ending: Script = (tokens) => scribble(tokens).fill(90, EOS, EOS + 1);
    const { engine } = localSetup({ script: ending });
    const { text } = await ask(engine, held(person));
    expect(JSON.parse(text)).toMatchObject({ name: expect.any(String) });
  });

  test('that is cut off ends for its length; one that is just whole does not', async () => {
    const text = '{"name": "Ada", "age": 36}';
    const { engine } = localSetup({ script: recite(text) });
    const { text: said, done } = await ask(engine, held(person, { maxTokens: text.length - 1 }));
    expect([said, done.reason]).toEqual([text.slice(0, -1), 'length']);
    expect((await ask(engine, held(person, { maxTokens: text.length }))).done.reason).toBe('stop');
  });

  test('is cut by a stop string all the same', async () => {
    const { engine } = localSetup({ script: recite('{"name": "Ada", "age": 36}') });
    const { text, done } = await ask(engine, held(person, { stop: ['", '] }));
    expect([text, done.reason]).toEqual(['{"name": "Ada', 'stop']);
  });

  test('is any object, for json', async () => {
    const { engine } = localSetup({ script: scribble });
    const sampling: Sampling = { ...greedy, temperature: 1, seed: 9 };
    const { text } = await ask(engine, held({ type: 'json' }, { sampling }));
    expect(text).toMatch(/^\{/);
    expect(JSON.parse(text)).toBeTypeOf('object');
  });

  test.each<[string, Partial<Sampling>]>([
    ['greedy', {}],
    ['sampled', { temperature: 1, seed: 3 }],
    [
      'penalised',
      { temperature: 0.8, topP: 0.9, topK: 40, frequencyPenalty: 0.3, repetitionPenalty: 1.1, seed: 4 },
    ],
  ])('is the same with drafts: %s', async (_, more) => {
    const list = schema({ type: 'array', items: { enum: ['ab', 'ba', 'abab'] }, minItems: 30, maxItems: 30 });
    const sampling = { ...greedy, ...more };
    const said = await Promise.all(
      [true, false].map(async (speculation) => {
        const { engine, llama } = localSetup({ script: scribble, passMs: () => 1 }, {}, { speculation });
        const { text } = await ask(engine, held(list, { sampling }));
        return { text, drafts: llama.batches.flat().filter(({ logits }) => logits === 'all').length };
      }),
    );
    expect(said[0]!.text).toBe(said[1]!.text);
    expect(JSON.parse(said[0]!.text)).toHaveLength(30);
    expect(said[0]!.drafts).toBeGreaterThan(0);
    expect(said[1]!.drafts).toBe(0);
  });
});

test('a schema that is refused takes no place, and its path begins at the request', async () => {
  const { engine } = localSetup({ script: scribble });
  const bad = held(schema({ type: 'object', properties: { x: { not: { const: 1 } } } }));
  const error = await engine.start(bad, never()).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(SchemaError);
  expect(error.path).toEqual(['format', 'schema', 'properties', 'x', 'not']);
  const empty = held(
    schema({ $ref: '#/$defs/a', $defs: { a: { type: 'array', items: { $ref: '#/$defs/a' }, minItems: 1 } } }),
  );
  await expect(engine.start(empty, never())).rejects.toMatchObject({ path: ['format', 'schema'] });
  expect(engine.stats()).toMatchObject({ requests: 0, running: 0 });
});
