import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { preTokenizer } from '../../../models/tokenizer/pre-tokenize.ts';

const { strings }: { readonly strings: readonly string[] } = JSON.parse(
  gunzipSync(readFileSync(new URL('../../golden/tokenizer.json.gz', import.meta.url))).toString(),
);

const S = '\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'; // \s of Rust

/** A published pattern, with \s spelt out. */
const pattern = (source: string) => {
  const spelt = source.replaceAll('[^\\s', `[^${S}`).replaceAll('\\s', `[${S}]`).replaceAll('\\S', `[^${S}]`);
  return new RegExp(spelt, 'gu');
};
const GPT2 = pattern("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");
const LLAMA3 = pattern(
  "(?:'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}" +
    '| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
);

function pieces(name: string, text: string): string[] {
  const { chunkEnd, pieceEnd } = preTokenizer(name);
  const bytes = new TextEncoder().encode(text);
  const end = bytes.length === 0 ? 0 : chunkEnd(bytes, 0);
  const found: string[] = [];
  for (let start = 0; start < end; ) {
    const next = pieceEnd(bytes, start, end);
    found.push(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(start, next)));
    start = next;
  }
  return found;
}

const digitsApart = (text: string) => text.split(/(\p{N})/u).flatMap((part) => part.match(GPT2) ?? []);

test.each([
  ['llama-bpe', (text: string) => text.match(LLAMA3) ?? []],
  ['gpt2', (text: string) => text.match(GPT2) ?? []],
  ['smollm', digitsApart],
])('%s cuts as its pattern does', (name, matches) => {
  expect(strings.filter((text) => `${pieces(name, text)}` !== `${matches(text)}`)).toEqual([]);
});

test('aliases are the same', () => {
  for (const alias of ['llama3', 'llama-v3']) expect(preTokenizer(alias)).toEqual(preTokenizer('llama-bpe'));
  for (const alias of ['gpt-2', 'default']) expect(preTokenizer(alias)).toEqual(preTokenizer('gpt2'));
});

test('a contraction ignores case for Llama 3 only, where ſ is an s', () => {
  expect(pieces('llama-bpe', "'ſtring'REad'lLama")).toEqual(["'ſ", 'tring', "'RE", 'ad', "'lL", 'ama']);
  expect(pieces('gpt2', "'sad'Sad")).toEqual(["'s", 'ad', "'", 'Sad']);
});

test('U+0085 is white space and U+FEFF is not', () => {
  expect(pieces('gpt2', 'a\x85\x85b\ufeffc')).toEqual(['a', '\x85', '\x85', 'b', '\ufeff', 'c']);
});
