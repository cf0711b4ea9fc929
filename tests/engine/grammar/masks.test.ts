// A mask, over Llama 3's whole vocabulary, against each token's bytes one after the other.
import { describe, expect, test } from 'vitest';
import { compileGrammar } from '../../../engine/grammar/compile.ts';
import { createGrammars } from '../../../engine/grammar/grammars.ts';
import { createAutomaton, type Places } from '../../../engine/grammar/places.ts';
import { schemaRule } from '../../../engine/grammar/schema/schema-rule.ts';
import { createTokenTrie } from '../../../engine/grammar/token-trie.ts';
import { createBpeTokenizer } from '../../../models/tokenizer/bpe-tokenizer.ts';
import { llama3Vocabulary } from '../../support/llama3-vocabulary.ts';

const tokenizer = createBpeTokenizer(llama3Vocabulary());
const grammars = createGrammars(tokenizer);
const words = Math.ceil(tokenizer.vocabSize / 32);

const text = { type: 'string' };
const cases: readonly [string, unknown, string][] = [
  ['strings', text, '"It was é 😀 the best\\n\\u00e9 of times"'],
  ['a short string', { ...text, maxLength: 12 }, '"It was é 😀!"'],
  [
    'a string with room',
    { ...text, minLength: 3, maxLength: 60 },
    '"It was the best of times, it was the worst of times, it was"',
  ],
  [
    'a string that has to be long',
    { ...text, minLength: 25, maxLength: 30 },
    '"It was the best of times, it w"',
  ],
  ['a string without an upper bound', { ...text, minLength: 20 }, '"It was the best of times, it was"'],
  ['a pattern', { ...text, pattern: '^[A-Z][a-z ]{3,40}\\.$' }, '"It was the best of times."'],
  [
    'numbers',
    { type: 'array', items: { type: 'number', minimum: -90, maximum: 90 } },
    '[12.25, -90, 0.5,\n  7]',
  ],
  [
    'counted items',
    { type: 'array', items: { type: 'string', maxLength: 40 }, minItems: 11, maxItems: 40 },
    JSON.stringify(Array(12).fill('a b')),
  ],
  ['any object', { type: 'object' }, '{"a": [1, {"b": null, "c": [true, "x"]}], "d":{}}'],
];

describe.each(cases)('of %s', (_, schema, said) => {
  test('has the bits of the tokens that fit, at every place', () => {
    const matcher = grammars.matcher(JSON.stringify(schema), () => schemaRule(schema, 'json'));
    const automaton = createAutomaton(compileGrammar(schemaRule(schema, 'json')));
    const fits = (from: Places, bytes: Uint8Array): boolean => {
      let places: Places | undefined = from;
      for (const byte of bytes) {
        places = automaton.step(places, byte);
        if (!places) return false;
      }
      return bytes.length > 0;
    };

    let places = automaton.start;
    const mask = new Uint32Array(words);
    for (const token of tokenizer.encode(said)) {
      matcher.mask(mask);
      const wrong: number[] = [];
      for (let id = 0; id < tokenizer.vocabSize; id++) {
        const isSet = (mask[id >> 5]! & (1 << (id & 31))) !== 0;
        const isStop = tokenizer.stopIds.has(id);
        const expected = isStop
          ? places.isComplete
          : !tokenizer.isSpecial(id) && fits(places, tokenizer.bytes(id));
        if (isSet !== expected) wrong.push(id);
      }
      expect(wrong.map((id) => JSON.stringify(tokenizer.decode([id]))).slice(0, 5)).toEqual([]);
      matcher.push(token);
      for (const byte of tokenizer.bytes(token)) places = automaton.step(places, byte)!;
    }
    expect(matcher.isComplete).toBe(true);
  });
});

test('the tree of a vocabulary is small, and has every token', () => {
  const { byte, depth, skip, token, longest, twin, longestFirst, longerThan } = createTokenTrie(tokenizer);
  const found = token.filter((id) => id >= 0).length + twin.size;
  const spelt = Array.from({ length: tokenizer.vocabSize }, (_, id) => id).filter(
    (id) => !tokenizer.isSpecial(id),
  );
  expect(found).toBe(spelt.length);
  const arrays = [byte, depth, skip, token, longest, longestFirst];
  expect(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(4.2e6);
  expect(longerThan(20)).toBe(spelt.filter((id) => tokenizer.bytes(id).length > 20).length);
});
