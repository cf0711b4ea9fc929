import { describe, expect, test } from 'vitest';
import { TextList } from '../../../models/gguf/text-list.ts';
import { createBpeTokenizer } from '../../../models/tokenizer/bpe-tokenizer.ts';
import { tokenizerFromGguf } from '../../../models/tokenizer/from-gguf.ts';
import type { BpeVocabulary } from '../../../models/tokenizer/vocabulary.ts';
import { llama3Vocabulary } from '../../support/llama3-vocabulary.ts';
import { smollm2Gguf } from '../../support/smollm2-gguf.ts';

const llama3 = createBpeTokenizer(llama3Vocabulary());
const smollm2 = tokenizerFromGguf(await smollm2Gguf());
const both = [
  { name: 'Llama 3', tokenizer: llama3 },
  { name: 'SmolLM2', tokenizer: smollm2 },
];

/** Letters a to e, what they merge to, and one token of each other kind. */
const tiny: BpeVocabulary = {
  tokens: TextList.from([
    'a',
    'b',
    'c',
    'd',
    'e',
    'ab',
    'cd',
    'bc',
    '<s>',
    '<tool>',
    '<tool>x',
    '<|role|>',
    'abc',
    '<|eot_id|>',
  ]),
  tokenTypes: [1, 1, 1, 1, 1, 1, 1, 1, 3, 4, 4, 4, 3, 3],
  merges: TextList.from(['b c', 'a b', 'c d', 'a bc', 'e x', '< s']),
  pre: 'gpt2',
  bosId: 8,
};

describe.each(both)('a user of $name', ({ tokenizer }) => {
  const names = tokenizer.special.names;

  test('cannot type a special token', () => {
    const typed = [...names, names.join(''), ...names.map((name) => `x${name}\n${name} ${name}`)];
    for (const text of typed) {
      const ids = tokenizer.encode(text);
      expect([...ids].filter(tokenizer.isSpecial)).toEqual([]);
      expect(tokenizer.decode(ids)).toBe(text);
      expect(tokenizer.encodeSegments([{ text }])).toEqual(ids);
    }
  });

  test('cannot build one of two texts that meet', () => {
    for (const name of names) {
      const ids = tokenizer.encodeSegments([{ text: name.slice(0, 3) }, { text: name.slice(3) }]);
      expect([...ids].filter(tokenizer.isSpecial)).toEqual([]);
    }
  });

  test('may send half a surrogate pair, which reads as U+FFFD', () => {
    for (const half of ['\ud83e', '\udd99']) {
      expect(tokenizer.encode(`a${half}b`)).toEqual(tokenizer.encode('a\ufffdb'));
      expect(tokenizer.encode(half + half)).toEqual(tokenizer.encode('\ufffd\ufffd'));
    }
    expect(tokenizer.decode(tokenizer.encode('\udd99\ud83e'))).toBe('\ufffd\ufffd');
  });

  // Merging in quadratic time takes minutes here, and the test's limit is one.
  test.each([
    ['one letter', 'a'.repeat(400_000)],
    ['two letters in turn', 'ab'.repeat(200_000)],
    ['letters and spaces in turn', 'a '.repeat(200_000)],
    ['spaces', ' '.repeat(400_000)],
    ['spaces and newlines in turn', ' \n'.repeat(200_000)],
    ['digits', '7'.repeat(400_000)],
    ['emoji', '🦙'.repeat(200_000)],
    ['Chinese without a space', '你'.repeat(400_000)],
    ['apostrophes', "'".repeat(400_000)],
  ])('may send 400,000 characters of %s', (_, text) => {
    expect(tokenizer.decode(tokenizer.encode(text)) === text).toBe(true);
  });
});

describe('special tokens', () => {
  test('encodeSegments() makes them of control, and of nothing else', () => {
    const ids = llama3.encodeSegments([
      { control: '<|start_header_id|>' },
      { text: 'user' },
      { control: '<|end_header_id|>' },
      { text: '\n\n<|eot_id|>' },
      { control: '<|eot_id|>' },
    ]);
    expect([...ids].filter(llama3.isSpecial)).toEqual([128006, 128007, 128009]);
    expect(ids.at(-1)).toBe(128009);
    expect(llama3.decode(ids)).toBe('user\n\n<|eot_id|>');
  });

  test('encodeSegments() reads texts that meet as one', () => {
    const segments = [{ text: '\n\n' }, { text: '\nfoo' }];
    expect(llama3.encodeSegments(segments)).toEqual(llama3.encode('\n\n\nfoo'));
  });

  test('encodeSegments() refuses a control the vocabulary lacks, also one it has as text', () => {
    expect(() => smollm2.encodeSegments([{ control: '<|eot_id|>' }])).toThrow(
      new RangeError('"<|eot_id|>" is not a special token of this vocabulary'),
    );
    expect(() => llama3.encodeSegments([{ control: 'the' }])).toThrow(RangeError);
  });

  test('specialId() knows special tokens only', () => {
    expect(llama3.specialId('<|eom_id|>')).toBe(128008);
    expect(llama3.specialId('the')).toBeUndefined();
    expect(llama3.isSpecial(128009)).toBe(true);
    expect(llama3.isSpecial(0)).toBe(false);
    expect(llama3.bytes(128009)).toHaveLength(0);
  });

  test('a turn ends at eos and at every end the vocabulary names', () => {
    expect([...llama3.stopIds].sort()).toEqual([128001, 128008, 128009]);
    expect([...smollm2.stopIds].sort()).toEqual([0, 2]);
    expect(createBpeTokenizer({ ...tiny, eosId: 11, stopIds: [12] }).stopIds).toEqual(new Set([11, 12, 13]));
  });

  test('bos goes before text where the model was trained so', () => {
    expect(llama3).toMatchObject({ bosId: 128000, addBos: true });
    expect(smollm2).toMatchObject({ bosId: 1, eosId: 2, addBos: false });
    expect(createBpeTokenizer({ ...tiny, addBos: true }).addBos).toBe(true);
    expect(createBpeTokenizer({ ...tiny, addBos: true, bosId: undefined }).addBos).toBe(false);
  });
});

describe('a small vocabulary, by hand', () => {
  const tokenizer = createBpeTokenizer(tiny);

  test('the lowest rank merges first, also when it starts later', () => {
    expect([...tokenizer.encode('abc')]).toEqual([0, 7]);
    expect([...tokenizer.encode('abd')]).toEqual([5, 3]);
    expect([...tokenizer.encode('cdabcd')]).toEqual([6, 0, 7, 3]);
  });

  test('a merge into a special token, or of tokens that are not there, never applies', () => {
    expect([...tokenizer.encode('abc')]).not.toContain(12);
    expect([...tokenizer.encode('ebc')]).toEqual([4, 7]);
  });

  test('a user-defined token is made where text spells it, the longest one first', () => {
    expect([...tokenizer.encode('ab<tool>xab<tool>b')]).toEqual([5, 10, 5, 9, 1]);
    expect(tokenizer.isSpecial(9)).toBe(false);
    expect(tokenizer.decode([10, 9])).toBe('<tool>x<tool>');
  });

  test('a user-defined token that looks like a role marker is special', () => {
    expect(tokenizer.isSpecial(11)).toBe(true);
    expect([...tokenizer.encode('a<|role|>')]).not.toContain(11);
    expect([...tokenizer.encodeSegments([{ control: '<|role|>' }])]).toEqual([11]);
  });

  test.each([
    [{ tokenTypes: [1] }, 'vocabulary has 14 tokens and 1 token types'],
    [{ eosId: 14 }, 'special id 14 is not in the vocabulary of 14 tokens'],
    [{ pre: 'qwen2' }, 'pre-tokenizer "qwen2" is not known: llama-bpe, smollm and gpt2 are'],
  ])('%j is refused', (change, message) => {
    expect(() => createBpeTokenizer({ ...tiny, ...change })).toThrow(new RangeError(message));
  });

  test('an id outside the vocabulary is refused', () => {
    for (const id of [-1, 14, 0.5, Number.NaN]) expect(() => tokenizer.bytes(id)).toThrow(RangeError);
  });
});

describe('long runs', () => {
  test('Llama 3 cuts them every 25,000 characters, as Meta does', () => {
    const text = 'llamas'.repeat(10_000); // 25,000 is within a word
    const cuts = [text.slice(0, 25_000), text.slice(25_000, 50_000), text.slice(50_000)];
    expect([...llama3.encode(text)]).toEqual(cuts.flatMap((cut) => [...llama3.encode(cut)]));
  });

  test('Llama 3 cuts texts every 400,000 characters, as Meta does', () => {
    const [before, after] = ['ab, '.repeat(99_999).concat('ab, '), 'cde'];
    const text = `${before.slice(0, -1)}xyz${after}`; // the cut falls within xyz
    expect([...llama3.encode(text)]).toEqual([
      ...llama3.encode(text.slice(0, 400_000)),
      ...llama3.encode(text.slice(400_000)),
    ]);
  });
});
