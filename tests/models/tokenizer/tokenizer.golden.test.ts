import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import { describe, expect, test } from 'vitest';
import { createBpeTokenizer } from '../../../models/tokenizer/bpe-tokenizer.ts';
import { tokenizerFromGguf } from '../../../models/tokenizer/from-gguf.ts';
import { llama3Vocabulary } from '../../support/llama3-vocabulary.ts';
import { smollm2Path } from '../../support/smollm2.ts';
import { smollm2Gguf } from '../../support/smollm2-gguf.ts';

interface Golden {
  readonly strings: readonly string[];
  readonly ids: { readonly llama3: readonly number[][]; readonly smollm2: readonly number[][] };
}

const golden: Golden = JSON.parse(
  gunzipSync(readFileSync(new URL('../../golden/tokenizer.json.gz', import.meta.url))).toString(),
);
const llama3 = createBpeTokenizer(llama3Vocabulary());
const smollm2 = tokenizerFromGguf(await smollm2Gguf());

/** Strings whose ids differ from what others' tokenizers gave. */
const wrong = (ids: readonly number[][], encode: (text: string) => Iterable<number>) =>
  golden.strings.filter((text, i) => `${[...encode(text)]}` !== `${ids[i]}`);

test('the golden file holds what it says', () => {
  expect(golden.strings.length).toBeGreaterThan(2000);
  expect(golden.ids.llama3).toHaveLength(golden.strings.length);
  expect(golden.ids.smollm2).toHaveLength(golden.strings.length);
});

test('encode() equals Hugging Face tokenizers and tiktoken for Llama 3', () => {
  expect(wrong(golden.ids.llama3, llama3.encode)).toEqual([]);
});

test('encode() equals Hugging Face tokenizers for SmolLM2', () => {
  expect(wrong(golden.ids.smollm2, smollm2.encode)).toEqual([]);
});

test('encode() equals llama.cpp for SmolLM2', async () => {
  const llama = await getLlama({ gpu: false, build: 'never', logLevel: LlamaLogLevel.error });
  const model = await llama.loadModel({ modelPath: smollm2Path(), vocabOnly: true });
  const ids = golden.strings.map((text) => [...model.tokenize(text, false)]);
  await llama.dispose();

  expect(wrong(ids, smollm2.encode)).toEqual([]);
});

test('decode() gives back what Llama 3 encoded', () => {
  expect(golden.strings.filter((text) => llama3.decode(llama3.encode(text)) !== text)).toEqual([]);
});

test('decoder() says the same as decode(), token by token', () => {
  const spoken = golden.ids.smollm2.map((ids) => {
    const decoder = smollm2.decoder();
    return ids.map((id) => decoder.push(id)).join('') + decoder.end();
  });
  expect(spoken).toEqual(golden.ids.smollm2.map((ids) => smollm2.decode(ids)));
});

describe('Llama 3 ids that others have published', () => {
  test.each([
    // meta-llama/llama-models, models/llama3/tests/api/test_tokenizer.py
    ['This is a test sentence.', [2028, 374, 264, 1296, 11914, 13]],
    ['system', [9125]],
    ['user', [882]],
    ['assistant', [78191]],
    ['\n\n', [271]],
    // npm llama3-tokenizer-js 1.2.0, its tests
    ['Hello world', [9906, 1917]],
    ['grabbed', [59312, 2788]],
    [' grabbed', [30418]],
    [`${' '.repeat(11)}grabbed`, [1881, 30418]],
    ['\t\n  x = 12345;', [1602, 220, 865, 284, 220, 4513, 1774, 26]],
    ["I'm don'T 你好，世界 🦙", [40, 2846, 1541, 17773, 118195, 53901, 3922, 102616, 11410, 99, 247]],
    [
      'The llama (/ˈlɑːmə/; 🦙Spanish pronunciation: [ˈʎama])',
      [
        791, 94776, 47325, 135, 230, 75, 133, 239, 135, 238, 76, 99638, 14, 26, 11410, 99, 247, 62897, 71722,
        25, 510, 135, 230, 134, 236, 3105, 2526,
      ],
    ],
    // PurpleLlama, Llama-Guard3 1B: the words it answers with
    ['safe', [19193]],
    ['unsafe', [39257]],
    ['S13', [50, 1032]],
  ])('%j', (text, ids) => {
    expect([...llama3.encode(text)]).toEqual(ids);
  });
});
