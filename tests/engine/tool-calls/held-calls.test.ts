/** Calls that are held to their tools' parameters, on models that write at random: Ajv says whether they keep to them. */
import { describe, expect, test } from 'vitest';
import type { ToolChoice } from '../../../engine/engine.ts';
import { SchemaError } from '../../../engine/errors.ts';
import type { Matcher } from '../../../engine/grammar/grammar.ts';
import { createReplyMatchers } from '../../../engine/reply-matcher.ts';
import { offeredTools } from '../../../engine/tool-calls/offered-tools.ts';
import type { JsonSchema, Tool } from '../../../models/prompts/prompt.ts';
import { TOOL_FORMATS, type ToolFormat } from '../../../models/prompts/tool-format.ts';
import { createBpeTokenizer } from '../../../models/tokenizer/bpe-tokenizer.ts';
import { randomPick, write } from '../../support/held-samples.ts';
import { llama3Vocabulary } from '../../support/llama3-vocabulary.ts';
import { request } from '../../support/local-engine.ts';
import { uniform } from '../../support/numbers.ts';
import { parsedCalls } from '../../support/parsed-calls.ts';
import { judge } from '../../support/schema-judge.ts';
import { SCHEMAS } from '../../support/schema-table.ts';
import { scriptedTokenizer } from '../../support/scripted-llama.ts';

const bytes = scriptedTokenizer();
const llama3 = createBpeTokenizer(llama3Vocabulary());
const pickOfLlama3 = randomPick(llama3, 5);
const matchersOf = (tokenizer: typeof bytes) =>
  new Map(TOOL_FORMATS.map((format) => [format, createReplyMatchers(tokenizer, format)]));
const overBytes = matchersOf(bytes);
const overLlama3 = matchersOf(llama3);

const tool = (name: string, parameters?: JsonSchema, strict = false): Tool => ({
  name,
  ...(parameters && { parameters }),
  strict,
});

interface Asked {
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
  readonly parallelToolCalls?: boolean;
}

const held = (format: ToolFormat, asked: Asked, matchers = overBytes): Matcher =>
  matchers.get(format)!.matcher(undefined, offeredTools(request('', asked)))!;

/** Reads a reply back, and holds its calls against their schemas. */
function expectValid(tools: readonly Tool[], reply: Uint8Array) {
  const said = new TextDecoder('utf-8', { fatal: true }).decode(reply);
  const { text, calls } = parsedCalls(tools, said);
  for (const { name, json } of calls) {
    const { parameters = { type: 'object', maxProperties: 0 } } = tools.find((one) => one.name === name)!;
    expect(judge(parameters)(JSON.parse(json)), said).toBe(true);
  }
  return { text, names: calls.map(({ name }) => name), said };
}

/** The table's schemas as parameters: those of objects as they are, any other as that of an argument. */
const PARAMETERS = SCHEMAS.map(({ schema }): JsonSchema => {
  const { type, $ref, anyOf, allOf, enum: values, const: value, nullable, ...more } = Object(schema);
  const isObject = type === 'object' && ![$ref, anyOf, allOf, values, value, nullable].some(Boolean);
  if (isObject) return schema as JsonSchema;
  const { $defs, definitions } = more;
  return {
    type: 'object',
    properties: { value: schema },
    required: ['value'],
    additionalProperties: false,
    ...($defs && { $defs }),
    ...(definitions && { definitions }),
  };
}).filter((parameters) => !JSON.stringify(parameters).includes('"#"'));

describe.each(TOOL_FORMATS)('a forced call, %s', (format) => {
  const thirds = format === 'pythonic' ? [0, 1, 2] : [0]; // the others differ in what is around the same JSON
  test.each(thirds)('keeps to each schema of a third of the table, byte by byte: from %i', (first) => {
    let [whole, all] = [0, 0];
    for (let i = first; i < PARAMETERS.length; i += 3) {
      const parameters = PARAMETERS[i]!;
      all++;
      const tools = [tool('f', parameters)];
      const asked = { tools, toolChoice: { name: 'f' }, parallelToolCalls: false };
      const { bytes: said, isWhole } = write(held(format, asked), bytes, randomPick(bytes, i + 1), 700);
      if (!isWhole) continue;
      whole++;
      expect(expectValid(tools, said)).toMatchObject({ text: '', names: ['f'] });
    }
    expect(PARAMETERS.length).toBeGreaterThan(200);
    expect(whole).toBeGreaterThan(0.9 * all);
  });

  test("keeps to some of them in Llama 3's tokens", () => {
    for (const [i, parameters] of PARAMETERS.entries()) {
      if (i % 12 > 0) continue;
      const tools = [tool('f', parameters)];
      const asked = { tools, toolChoice: { name: 'f' }, parallelToolCalls: false };
      const { bytes: said, isWhole } = write(held(format, asked, overLlama3), llama3, pickOfLlama3, 300);
      if (isWhole) expect(expectValid(tools, said)).toMatchObject({ text: '', names: ['f'] });
    }
  });

  test('is one or more, of the tools that are chosen', () => {
    const number = { type: 'object', properties: { n: { type: 'integer' } }, additionalProperties: false };
    const tools = [tool('f', number), tool('get-time'), tool('g', { type: 'object', required: ['a b'] })];
    const seen = new Set<string>();
    const choices: [ToolChoice, readonly string[]][] = [
      ['required', ['f', 'get-time', 'g']],
      [{ name: 'g' }, ['g']],
      [{ mode: 'required', names: ['f', 'get-time'] }, ['f', 'get-time']],
    ];
    for (const [toolChoice, names] of choices)
      for (let seed = 1; seed <= 12; seed++) {
        const { bytes: said, isWhole } = write(
          held(format, { tools, toolChoice }),
          bytes,
          randomPick(bytes, seed),
          2000,
        );
        if (!isWhole) continue;
        const told = expectValid(tools, said);
        expect(told.text).toBe('');
        expect(told.names.length).toBeGreaterThan(0);
        for (const name of told.names) expect(names).toContain(name);
        for (const name of told.names) seen.add(name);
      }
    expect(seen).toEqual(new Set(['f', 'get-time', 'g']));
  });

  test('is several only where several may be made', () => {
    const two = {
      pythonic: '[f(), f()]',
      json: '{"name": "f", "parameters": {}}; {"name": "f", "parameters": {}}',
      hermes: Array(2).fill('<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>').join('\n'),
    }[format];
    const told = (parallelToolCalls: boolean) => {
      const matcher = held(format, { tools: [tool('f')], toolChoice: 'required', parallelToolCalls });
      let said = '';
      for (const byte of new TextEncoder().encode(two)) {
        if (!matcher.accepts(byte)) break;
        matcher.push(byte);
        said += String.fromCharCode(byte);
      }
      return said;
    };
    expect(told(true)).toBe(two);
    expect(two.length - told(false).length).toBeGreaterThan(two.length / 3);
  });
});

describe('a call of a strict tool, where it may be made', () => {
  const parameters = {
    type: 'object',
    properties: { city: { enum: ['Oslo', 'Rome'] }, days: { type: 'integer', minimum: 1, maximum: 9 } },
    required: ['city', 'days'],
    additionalProperties: false,
  };
  const tools = [tool('get_weather', parameters, true), tool('loose', { type: 'object' })];
  const OPENINGS = [
    '[get_weather(',
    'Sure!\n[ get_weather(',
    "[loose(a='b'), get_weather(",
    '[loose(),\n  get_weather(',
    '{"name": "get_weather", "parameters":',
    '{"type": "function", "name": "get_weather", "arguments": ',
    "{'function': 'get_weather', 'parameters':",
    '{"id": "1", "type": "function", "function": {"name": "get_weather", "arguments":',
    '<function=get_weather>',
    '<tool_call>\n{"name": "get_weather", "arguments": ',
    '<|python_tag|>get_weather.call(',
    '<|python_tag|>get_weather(city="Oslo", days=1) get_weather(',
    '[{"name": "loose", "parameters": {}}, {"name": "get_weather", "parameters": ',
  ];

  test.each(OPENINGS)('keeps to its parameters behind %j', (opening) => {
    for (const [matchers, tokenizer, seeds] of [
      [overBytes, bytes, 3],
      [overLlama3, llama3, 1],
    ] as const)
      for (const format of TOOL_FORMATS)
        for (let seed = 1; seed <= seeds; seed++) {
          const matcher = held(format, { tools, toolChoice: 'auto' }, matchers);
          // A token that goes on behind an opening may not come, nor one that goes on behind its arguments.
          for (const id of opening.split(/(?<=[()])/).flatMap((piece) => [...tokenizer.encode(piece)])) {
            expect(matcher.accepts(id)).toBe(true);
            matcher.push(id);
          }
          expect(matcher.isComplete).toBe(false);
          const pick = tokenizer === llama3 ? pickOfLlama3 : randomPick(bytes, seed);
          const said: number[] = [...new TextEncoder().encode(opening)];
          for (let i = 0; i < 300 && !matcher.isComplete; i++) {
            const id = pick(matcher);
            matcher.push(id);
            said.push(...tokenizer.bytes(id));
          }
          expect(matcher.isComplete).toBe(true);
          const { names } = expectValid(tools, Uint8Array.from(said));
          expect(names).toContain('get_weather');
        }
  });

  test('keeps to its parameters however it comes about', () => {
    const random = uniform(11);
    const below = (n: number) => Math.floor(random() * n);
    const PIECES = [
      ...['[', ']', '{', '}', '(', ')', ',', ':', '=', '"', "'", '\\', ' ', '\n', ';', '**', '.call', '>'],
      ...[
        'get_weather',
        'get_weather(',
        'loose',
        'loose(',
        'loose()',
        'a=1',
        '{"name": "',
        '"get_weather"',
        'id',
      ],
      ...[
        '{"parameters": {"x": 1}, ',
        '"name": "get_weather"}',
        '{"name": "loose", ',
        '[loose(a=1), get_weather(x=1)]',
      ],
      ...['"name": "get_weather", ', '"parameters": {"x": 1}}'],
      ...['{"name": "get_weather", ', '"parameters": {', '"arguments": ', '{}', '"type": "function", '],
      ...[
        '<tool_call>',
        '</tool_call>',
        '<function=get_weather>',
        '<|python_tag|>',
        '"id": "x", ',
        '"function": ',
      ],
      ...[
        '{"function": {"name": "get_weather", ',
        "{'name': 'get_weather', ",
        '[loose(), ',
        '\\u005f',
        'text',
      ],
    ];
    const bytesOf = new TextEncoder();
    const isValid = judge(parameters);
    const pick = randomPick(bytes, 1);
    let made = 0;
    for (let round = 0; round < 4000; round++) {
      const matcher = held('pythonic', { tools, toolChoice: 'auto' });
      const said: number[] = [];
      const push = (id: number) => {
        matcher.push(id);
        said.push(...bytes.bytes(id));
      };
      for (let piece = below(8); piece >= 0; piece--)
        for (const byte of bytesOf.encode(PIECES[below(PIECES.length)]!))
          if (matcher.accepts(byte)) push(byte);
      for (let i = 0; i < 300 && !matcher.isComplete; i++) push(pick(matcher));

      const reply = new TextDecoder().decode(Uint8Array.from(said));
      const { calls } = parsedCalls(tools, reply);
      const strict = calls.filter(({ name }) => name === 'get_weather');
      for (const { json } of strict) expect(isValid(JSON.parse(json)), reply).toBe(true);
      made += strict.length;
    }
    expect(made).toBeGreaterThan(100);
  });

  test('may have the values that its parameters allow, and no others', () => {
    const allows = (text: string) => {
      const matcher = held('pythonic', { tools, toolChoice: 'auto' });
      for (const byte of new TextEncoder().encode(text)) {
        if (!matcher.accepts(byte)) return false;
        matcher.push(byte);
      }
      return true;
    };
    expect(allows('[get_weather(city="Oslo", days=3)] and what it likes (a: b) > c')).toBe(true);
    expect(allows('[get_weather(city="Oslo", days=3), loose(x=San Francisco)]')).toBe(true);
    expect(allows('{"name": "get_weather", "parameters": {"city": "Rome", "days": 1}}')).toBe(true);
    expect(allows('[get_weather(city="Bern"')).toBe(false);
    expect(allows('[get_weather(days=3')).toBe(false);
    expect(allows('[get_weather(city="Oslo", days=0')).toBe(false);
    expect(allows('[get_weather(city="Oslo")')).toBe(false);
    expect(allows('{"name": "get_weather", "parameters": {"city": "Rome"}')).toBe(false);
    expect(allows('[get_weather(city="Oslo", days=3), get_weather(x')).toBe(false);
    expect(allows('the function get_weather(x) is no call, nor {"name": "loose", "parameters": 1}')).toBe(
      true,
    );
  });

  test('begins where a token ends: one that goes on behind its opening may not come', () => {
    const matcher = held('pythonic', { tools, toolChoice: 'auto' }, overLlama3);
    const [crossing, plain] = ['(city', '('].map((text) => llama3.encode(text)[0]!);
    expect(llama3.bytes(crossing!)).toHaveLength('(city'.length);
    const allowed = (id: number) => {
      const mask = new Uint32Array(Math.ceil(llama3.vocabSize / 32));
      matcher.mask(mask);
      const isSet = ((mask[id >> 5]! >>> (id & 31)) & 1) === 1;
      expect(matcher.accepts(id)).toBe(isSet);
      return isSet;
    };
    expect([allowed(crossing!), allowed(plain!)]).toEqual([true, true]);
    for (const id of llama3.encode('[get_weather')) matcher.push(id);
    expect([allowed(crossing!), allowed(plain!)]).toEqual([false, true]);
    for (let id = 0; id < llama3.vocabSize; id += 97) allowed(id);
  });

  test('whose arguments come before its name is none: they were free', () => {
    const reply = '{"parameters": {"x": 1}, "name": "get_weather"}';
    expect(parsedCalls(tools, reply)).toEqual({ text: reply, calls: [] });
    expect(parsedCalls(tools, reply.replace('get_weather', 'loose')).calls).toHaveLength(1);
    const twice = '{"name": "loose", "name": "get_weather", "parameters": {"x": 1}}';
    expect(parsedCalls(tools, twice)).toEqual({ text: twice, calls: [] });
    const spelt = '{"name": "get\\u005fweather", "parameters": {"x": 1}}';
    expect(parsedCalls(tools, spelt)).toEqual({ text: spelt, calls: [] });
  });

  test('needs no holding where no strict tool is offered', () => {
    const offered = offeredTools(request('', { tools: [tools[1]!] }));
    expect(overBytes.get('pythonic')!.matcher(undefined, offered)).toBeUndefined();
    const none = offeredTools(request('', { tools, toolChoice: 'none' }));
    expect(overBytes.get('pythonic')!.matcher(undefined, none)).toBeUndefined();
  });
});

describe('a format beside tools', () => {
  const schema = { type: 'object', properties: { answer: { type: 'integer' } }, required: ['answer'] };
  const tools = [tool('f', { type: 'object', properties: { a: { const: 'x' } }, required: ['a'] })];

  test('holds the reply to the one or the other', () => {
    const allows = (text: string, toolChoice: ToolChoice) => {
      const format = { type: 'json_schema', schema } as const;
      const matcher = overBytes
        .get('pythonic')!
        .matcher(format, offeredTools(request('', { tools, toolChoice })))!;
      return [...new TextEncoder().encode(text)].every((byte) => {
        const may = matcher.accepts(byte);
        if (may) matcher.push(byte);
        return may;
      });
    };
    expect(allows('{"answer": 3}', 'auto')).toBe(true);
    expect(allows('[f(a="x")]', 'auto')).toBe(true);
    expect(allows('[f(a="y")]', 'auto')).toBe(false);
    expect(allows('three', 'auto')).toBe(false);
    expect(allows('{"answer": 3}', 'required')).toBe(false);
    expect(allows('{"answer": 3}', 'none')).toBe(true);
    expect(allows('[f(a="x")]', 'none')).toBe(false);
  });
});

describe('parameters that cannot be kept to are refused, and named', () => {
  const bad = { type: 'object', properties: { x: { not: { const: 1 } } } };
  const path = ['tools', 1, 'parameters'];
  test.each<[string, JsonSchema, readonly (string | number)[]]>([
    ['a keyword', bad, [...path, 'properties', 'x', 'not']],
    ['no object', { type: 'string' }, [...path, 'type']],
    ['a choice at the top', { anyOf: [{ type: 'object' }] }, [...path, 'anyOf']],
    ['null at the top', { type: 'object', nullable: true }, [...path, 'nullable']],
  ])('%s', (_, parameters, expected) => {
    for (const format of TOOL_FORMATS) {
      const refusal = (strict: boolean, toolChoice: ToolChoice) => {
        try {
          held(format, { tools: [tool('f'), tool('g', parameters, strict)], toolChoice });
          return undefined;
        } catch (error) {
          expect(error).toBeInstanceOf(SchemaError);
          return (error as SchemaError).path;
        }
      };
      expect(refusal(false, 'required')).toEqual(expected);
      expect(refusal(false, { name: 'g' })).toEqual(expected);
      expect(refusal(true, 'auto')).toEqual(expected);
      expect(refusal(false, 'auto')).toBeUndefined();
      expect(refusal(true, { name: 'f' })).toBeUndefined();
    }
  });

  test('and so are too many of them', () => {
    const large = (i: number) => ({
      type: 'object',
      properties: { [`p${i}`]: { type: 'array', items: { type: 'string', maxLength: 5000 }, maxItems: 900 } },
    });
    const wide = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`q${i}`, { type: 'integer' }]));
    const tools = Array.from({ length: 20 }, (_, i) => tool(`f${i}`, { ...large(i), properties: wide }));
    expect(() => held('json', { tools, toolChoice: 'required' })).toThrow(SchemaError);
    try {
      held('json', { tools, toolChoice: 'required' });
    } catch (error) {
      expect((error as SchemaError).path).toEqual(['tools']);
    }
  });
});
