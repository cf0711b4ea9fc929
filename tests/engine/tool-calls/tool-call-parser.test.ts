import { describe, expect, test } from 'vitest';
import { createCoin } from '../../../engine/coin.ts';
import { createToolCallParser } from '../../../engine/tool-calls/tool-call-parser.ts';
import { hermesCalls } from '../../../models/prompts/hermes-tools.ts';
import { jsonCalls } from '../../../models/prompts/json-tools.ts';
import { pythonicCalls } from '../../../models/prompts/pythonic-tools.ts';
import { CASES, type Call, type Case, CODE_CASES, SINGLE_CASES, TAG, TOOLS } from './cases.ts';

const withTools = (names: readonly string[], isParallel = true) =>
  createToolCallParser({ tools: names.map((name) => ({ name, strict: false })), isParallel });

/** Gives a parser so many UTF-16 units at a time; what it told, put together. */
function parse(reply: string, size: number, names = TOOLS, isParallel = true) {
  const parser = withTools(names, isParallel);
  let text = '';
  const calls: [string, string][] = [];
  const take = (parts: ReturnType<typeof parser.end>) => {
    for (const part of parts)
      if (part.type === 'text') text += part.text;
      else if (part.type === 'tool_call') {
        expect(part.index).toBe(calls.length);
        calls.push([part.name, '']);
      } else {
        expect(part.index).toBe(calls.length - 1);
        calls[part.index]![1] += part.text;
      }
  };
  const pieces = reply.split(TAG);
  for (const [i, piece] of pieces.entries()) {
    if (i > 0) take(parser.pushPythonTag());
    for (let at = 0; at < piece.length; at += size) take(parser.push(piece.slice(at, at + size)));
  }
  take(parser.end());
  return { text, calls };
}

function expectAlike(reply: string, text: string, calls: readonly Call[], names = TOOLS, isParallel = true) {
  for (let size = reply.length; size > 0; size--)
    expect({ size, ...parse(reply, size, names, isParallel) }).toEqual({ size, text, calls });
  expect(parse(reply, Infinity, names, isParallel)).toEqual({ text, calls });
}

const named = (cases: readonly Case[]) => cases.map(([reply, text, ...calls]) => ({ reply, text, calls }));

describe.each(Object.entries(CASES))('%s', (_, cases) => {
  test.each(named(cases))('$reply', ({ reply, text, calls }) => expectAlike(reply, text, calls));
});

describe('code', () => {
  const names = [...TOOLS, 'code_interpreter'];
  test.each(named(CODE_CASES))('$reply', ({ reply, text, calls }) => expectAlike(reply, text, calls, names));
});

describe('one call alone', () => {
  test.each(named(SINGLE_CASES))('$reply', ({ reply, text, calls }) =>
    expectAlike(reply, text, calls, TOOLS, false),
  );
});

test('the table is as long as it is said to be, and its calls are JSON where the reply is whole', () => {
  const cases = [...Object.values(CASES).flat(), ...CODE_CASES, ...SINGLE_CASES];
  expect(cases.length).toBeGreaterThanOrEqual(200);
  for (const [name, group] of Object.entries(CASES))
    if (!/breaks off|goes wrong|Python$|numbers/.test(name))
      for (const [, , ...calls] of group) for (const [, json] of calls) JSON.parse(json);
});

test('a tool without a name in the request is called by none', () => {
  expect(parse('[f(a=1)]', 3, [])).toEqual({ text: '[f(a=1)]', calls: [] });
});

describe('what is told when', () => {
  const told = (reply: string, pieces: readonly string[], names = TOOLS) => {
    const parser = withTools(names);
    return pieces.concat(reply).map((piece) => parser.push(piece));
  };
  const text = (said: string) => [{ type: 'text', text: said }];
  const args = (json: string, index = 0) => ({ type: 'tool_arguments', index, text: json });

  test('text goes out at once, brackets and all, as soon as it can be no call', () => {
    expect(told('!', ['Hello', ' wor', 'ld'])).toEqual(['Hello', ' wor', 'ld', '!'].map(text));
    expect(told('', ['[', '1', '] {', '"a'])).toEqual([[], text('[1'), text('] '), [], []]);
    expect(told('', ['<', 'b', '>', '{', 'x'])).toEqual(
      [[], text('<b'), text('>'), [], text('{x'), []].slice(0, 6),
    );
  });

  test('a name is told with the first of its values, then arguments as they are written', () => {
    expect(
      told(')]', ['[get_wea', 'ther', '(', 'city', '="', 'San Fr', 'ancisco"', ', days', '=1', '2']),
    ).toEqual([
      ...[[], [], [], []],
      [{ type: 'tool_call', index: 0, name: 'get_weather' }, args('{"city":"')],
      [args('San Fr')],
      [args('ancisco')],
      [args('"')], // another string might have followed, and been a part of this one
      [args(',"days":')],
      [],
      [args('12}')],
    ]);
  });

  test('a name is told while its arguments as JSON are written', () => {
    expect(
      told('}', ['{"name": "f", "parameters": ', '{"a": {"b": [', '"x', 'y"', ', 1', '.5, true]', '}}']),
    ).toEqual([
      ...[[], []],
      [{ type: 'tool_call', index: 0, name: 'f' }, args('{"a":{"b":["x')],
      [args('y"')],
      [args(',')],
      [args('1.5,true]')],
      [args('}}')],
      [],
    ]);
  });

  test('code is told line by line', () => {
    const parser = withTools(['code_interpreter']);
    expect(parser.pushPythonTag()).toEqual([]);
    expect(parser.push('print(')).toEqual([
      { type: 'tool_call', index: 0, name: 'code_interpreter' },
      args('{"code":"print('),
    ]);
    expect(parser.push('1)\n')).toEqual([args('1)\\n')]);
    expect(parser.end()).toEqual([args('"}')]);
  });

  test('a parser for one call is full when that is whole', () => {
    const parser = withTools(['f'], false);
    parser.push('[f(a=1');
    expect([parser.hasCalls, parser.isFull]).toEqual([false, false]);
    parser.push(', b=2');
    expect([parser.hasCalls, parser.isFull]).toEqual([true, false]);
    parser.push('), ');
    expect([parser.hasCalls, parser.isFull]).toEqual([true, true]);
    expect(parser.push('f(a=1)] text')).toEqual([]);
  });
});

describe('what is held is bounded', () => {
  const MOST = 16_384;
  test.each([
    ['white space', ' '],
    ['lists in a value of no name', '{"parameters": {"a": [', '[],'],
    ['a text in a value of no name', '{"parameters": {"a": "', 'x'],
    ['white space in a call', '[f(a=', ' '],
    ['a name of an argument', '[f(', 'a'],
    ['a key', '[f(a={"', 'a'],
    ['a tuple', '[f(a=(', '"x" '],
    ['brackets', '[', '['],
    ['JSON in JSON', '', '{"parameters":'],
  ])('%s', (_, start, more = start) => {
    const parser = withTools(['f']);
    let held = 0;
    let given = '';
    const push = (piece: string) => {
      given += piece;
      held += piece.length;
      for (const part of parser.push(piece)) if (part.type === 'text') held -= part.text.length;
      expect(held).toBeLessThanOrEqual(MOST + piece.length);
    };
    push(start);
    while (given.length < 2.5 * MOST) push(more.repeat(17));
    for (const part of parser.end()) if (part.type === 'text') held -= part.text.length;
    expect(held).toBe(0);
  });

  test('nothing is lost of a long text, nor of a long call', () => {
    const value = 'x"y'.repeat(30_000);
    const [reply] = [jsonCalls([{ id: '', name: 'f', arguments: JSON.stringify({ value }) }])];
    expect(parse(reply, 1000)).toEqual({ text: '', calls: [['f', JSON.stringify({ value })]] });
    const text = '[f(a='.repeat(20_000);
    expect(parse(text, 1000)).toEqual({ text, calls: [] });
  });
});

describe('calls at random, as the prompts write them, come back as they were', () => {
  const coin = createCoin(7);
  const below = (n: number) => Math.floor(coin() * n);
  const TEXTS = [
    '',
    'a',
    "it's",
    '"',
    '\\',
    '\n',
    '🦙',
    '\u2028',
    '</tool_call>',
    '[f()]',
    '{"name": "f"',
    'None',
    '\u0000',
    "'''",
    '\\u0041',
  ];
  const text = () => Array.from({ length: below(4) }, () => TEXTS[below(TEXTS.length)]).join('');

  function value(depth: number): unknown {
    const kind = below(depth > 0 ? 8 : 6);
    if (kind === 6) return Array.from({ length: below(4) }, () => value(depth - 1));
    if (kind === 7)
      return Object.fromEntries(Array.from({ length: below(4) }, () => [text(), value(depth - 1)]));
    return [null, true, false, below(2000) - 1000, coin() * 10 ** (below(40) - 20), text()][kind];
  }

  test.each([
    ['pythonic', pythonicCalls],
    ['json', jsonCalls],
    ['hermes', hermesCalls],
  ])('%s', (_, write) => {
    for (let round = 0; round < 200; round++) {
      const calls = Array.from({ length: 1 + below(3) }, (_, i) => {
        const key = () => (below(3) === 0 ? text() : `k${below(9)}`);
        const args = Object.fromEntries(Array.from({ length: below(4) }, () => [key(), value(3)]));
        return { id: String(i), name: TOOLS[below(TOOLS.length)]!, arguments: JSON.stringify(args) };
      });
      const told = parse(write(calls), 1 + below(40));
      expect(told).toEqual({ text: '', calls: calls.map((call) => [call.name, call.arguments]) });
    }
  });
});

test('replies put together at random say the same in pieces of any size, and lose nothing', () => {
  const coin = createCoin(3);
  const below = (n: number) => Math.floor(coin() * n);
  const PIECES = [
    ...['[', ']', '{', '}', '(', ')', ',', ':', '=', '"', "'", '\\', ' ', '\n', ';', '`', '**', '.call', TAG],
    ...[
      'f',
      'get_weather',
      'a',
      '1',
      '1e999',
      'None',
      '"x"',
      '"name": "f"',
      '"parameters": {',
      '"arguments": {}',
    ],
    ...['f(', 'f()', 'f(a=1)', '[f(a="', '{"name": "f", ', '<tool_call>', '</tool_call>', '<function=f>{'],
    ...['<|python_tag|>', 'text', '🦙', '\\u00e9', '"a": ', '"type": "function", ', '"function": {'],
  ];
  let called = 0;
  for (let round = 0; round < 4000; round++) {
    const reply = Array.from({ length: 1 + below(14) }, () => PIECES[below(PIECES.length)]).join('');
    const names = below(2) === 0 ? TOOLS : [...TOOLS, 'code_interpreter'];
    const isParallel = below(4) > 0;
    const whole = parse(reply, Infinity, names, isParallel);
    expect({ reply, ...parse(reply, 1 + below(6), names, isParallel) }).toEqual({ reply, ...whole });
    expect({ reply, ...parse(reply, 1, names, isParallel) }).toEqual({ reply, ...whole });
    if (whole.calls.length === 0) expect(whole.text).toBe(reply.replaceAll(TAG, ''));
    else called++;
  }
  expect(called).toBeGreaterThan(200);
});
