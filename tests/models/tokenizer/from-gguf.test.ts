import { expect, test } from 'vitest';
import { FormatError } from '../../../models/errors.ts';
import { type GgufValue, metadataOf } from '../../../models/gguf/metadata.ts';
import { TextList } from '../../../models/gguf/text-list.ts';
import { tokenizerFromGguf } from '../../../models/tokenizer/from-gguf.ts';

const sound: Record<string, GgufValue> = {
  'tokenizer.ggml.model': 'gpt2',
  'tokenizer.ggml.pre': 'smollm',
  'tokenizer.ggml.tokens': TextList.from(['a', 'b', 'ab', '<s>', '<|eot|>', '<|eom|>', '</s>']),
  'tokenizer.ggml.token_type': Int32Array.of(1, 1, 1, 3, 3, 3, 3),
  'tokenizer.ggml.merges': TextList.from(['a b']),
  'tokenizer.ggml.bos_token_id': 3,
  'tokenizer.ggml.eos_token_id': 6,
  'tokenizer.ggml.eot_token_id': 4,
  'tokenizer.ggml.eom_token_id': 5,
  'tokenizer.ggml.add_bos_token': true,
};

function read(change: Record<string, GgufValue | undefined>) {
  const entries = Object.entries({ ...sound, ...change }).flatMap(([key, value]) =>
    value === undefined ? [] : [[`${key}`, { offset: 0, value }] as const],
  );
  return tokenizerFromGguf({ metadata: metadataOf(new Map(entries)) });
}

test('tokenizerFromGguf() takes every key', () => {
  const tokenizer = read({});
  expect([...tokenizer.encode('aba')]).toEqual([2, 0]);
  expect(tokenizer).toMatchObject({ vocabSize: 7, bosId: 3, eosId: 6, addBos: true });
  expect(tokenizer.stopIds).toEqual(new Set([4, 5, 6]));
  expect(tokenizer.special).toEqual({
    names: ['<s>', '<|eot|>', '<|eom|>', '</s>'],
    bos: '<s>',
    eos: '</s>',
  });
});

test('tokenizerFromGguf() does without the keys a file may leave out', () => {
  const optional = ['pre', 'bos_token_id', 'eos_token_id', 'eot_token_id', 'eom_token_id', 'add_bos_token'];
  const tokenizer = read(Object.fromEntries(optional.map((key) => [`tokenizer.ggml.${key}`, undefined])));
  expect(tokenizer).toMatchObject({ bosId: undefined, eosId: undefined, addBos: false });
  expect([...tokenizer.encode('ab')]).toEqual([2]);
});

test.each([
  [{ 'tokenizer.ggml.model': 'llama' }, "tokenizer model is 'llama', this reader knows 'gpt2'"],
  [{ 'tokenizer.ggml.pre': 'tekken' }, 'pre-tokenizer "tekken" is not known'],
  [{ 'tokenizer.ggml.token_type': Int32Array.of(1) }, '7 tokens and 1 token types'],
  [{ 'tokenizer.ggml.token_type': undefined }, "key 'tokenizer.ggml.token_type' is missing"],
  [{ 'tokenizer.ggml.eos_token_id': 7 }, 'special id 7 is not in the vocabulary of 7 tokens'],
])('tokenizerFromGguf() refuses %j', (change, message) => {
  expect(() => read(change)).toThrow(FormatError);
  expect(() => read(change)).toThrow(message);
});
