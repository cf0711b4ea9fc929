// What may stand in a string: whole characters of UTF-8, and the escapes of each dialect.
import { describe, expect, test } from 'vitest';
import { createGrammars } from '../../../engine/grammar/grammars.ts';
import { type Dialect, jsonRules } from '../../../engine/grammar/json-rules.ts';
import type { Rule } from '../../../engine/grammar/rule.ts';
import { schemaRule } from '../../../engine/grammar/schema/schema-rule.ts';
import { byteVocabulary } from '../../support/byte-vocabulary.ts';

const encoder = new TextEncoder();
const vocabulary = byteVocabulary();
const grammars = createGrammars(vocabulary);

/** Whether bytes may be what comes first in a string. */
function begins(name: string, rule: Rule, bytes: readonly number[]): boolean {
  const matcher = grammars.matcher(name, () => rule);
  matcher.push(0x22);
  return bytes.every((byte) => {
    const isAccepted = matcher.accepts(byte);
    if (isAccepted) matcher.push(byte);
    return isAccepted;
  });
}

/** The first bytes of all characters past ASCII, in each length: every 64th has others. */
const prefixes = new Set<string>();
for (let code = 0x80; code <= 0x10ffff; code += 64) {
  if (code >= 0xd800 && code < 0xe000) continue;
  const bytes = encoder.encode(String.fromCodePoint(code));
  for (let length = 1; length <= bytes.length; length++) prefixes.add(bytes.slice(0, length).join());
}

const EDGES = [0x00, 0x22, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];

describe.each<[string, Rule]>([
  ['any string', jsonRules('json').string],
  ['a string of a pattern', schemaRule({ type: 'string', pattern: '^[^]*$' }, 'json')],
])('%s', (name, rule) => {
  test('takes the bytes of characters, and none of surrogates or longer spellings', () => {
    for (let first = 0x80; first < 0x100; first++) {
      const can = prefixes.has(String(first));
      expect(begins(name, rule, [first]), String(first)).toBe(can);
      for (let second = 0; can && second < 0x100; second++) {
        const isTail = second >= 0x80 && second < 0xc0;
        const canGoOn = isTail && prefixes.has(`${first},${second & (first < 0xe0 ? 0x80 : 0xff)}`);
        expect(begins(name, rule, [first, second]), `${first},${second}`).toBe(canGoOn);
        if (!canGoOn || first < 0xe0) continue;
        for (const third of EDGES)
          expect(begins(name, rule, [first, second, third]), `${first},${second},${third}`).toBe(
            third >= 0x80 && third < 0xc0,
          );
      }
    }
  });

  test('takes no control character', () => {
    for (let code = 0; code < 0x20; code++) expect(begins(name, rule, [code]), String(code)).toBe(false);
    expect(begins(name, rule, [0x7f])).toBe(true);
  });
});

describe.each<[Dialect, readonly string[], readonly string[]]>([
  [
    'json',
    ['\\n', '\\/', '\\"', '\\\\', '\\u00e9', '\\uD83D\\uDE00', '\\ud7ff'],
    ['\\x', "\\'", '\\ud83d"', '\\ud83d\\n', '\\udc00', '\\u00g'],
  ],
  ['python', ['\\n', '\\"', '\\\\', '\\u00e9'], ['\\/', '\\x41', '\\ud83d\\ude00', "\\'", '\\0']],
])('%s', (dialect, taken, refused) => {
  test('takes its escapes', () => {
    const { string } = jsonRules(dialect);
    const bytesOf = (text: string) => [...encoder.encode(text)];
    for (const text of taken) expect(begins(dialect, string, bytesOf(text)), text).toBe(true);
    for (const text of refused) expect(begins(dialect, string, bytesOf(text)), text).toBe(false);
  });

  test('spells its constants', () => {
    const { value } = jsonRules(dialect);
    const allows = (text: string) => {
      const matcher = grammars.matcher(`value ${dialect}`, () => value);
      return [...encoder.encode(text)].every((byte) => {
        const isAccepted = matcher.accepts(byte);
        if (isAccepted) matcher.push(byte);
        return isAccepted;
      });
    };
    const isJson = dialect === 'json';
    for (const text of ['true', '[false, null]', '{"a":true}']) expect(allows(text), text).toBe(isJson);
    for (const text of ['True', '[False, None]', '{"a":True}']) expect(allows(text), text).toBe(!isJson);
    const mixed = schemaRule({ enum: [[true, null], { a: false }] }, dialect);
    const matcher = grammars.matcher(`enum ${dialect}`, () => mixed);
    for (const byte of encoder.encode(isJson ? '[true,null]' : '[True,None]')) matcher.push(byte);
    expect(matcher.isFinished).toBe(true);
  });
});
