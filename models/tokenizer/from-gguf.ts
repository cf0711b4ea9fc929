import { FormatError } from '../errors.ts';
import type { Gguf } from '../gguf/gguf.ts';
import { type BpeTokenizer, tokenizerOf } from './bpe-tokenizer.ts';
import { type IndexedVocabulary, indexVocabulary } from './vocabulary.ts';

const PREFIX = 'tokenizer.ggml.';

/**
 * The tokenizer that a GGUF carries.
 *
 * Throws   FormatError when it carries none, or another kind than byte-level BPE, or one that contradicts itself
 */
export function tokenizerFromGguf(gguf: Pick<Gguf, 'metadata'>): BpeTokenizer {
  return sound(() => tokenizerOf(vocabularyFromGguf(gguf)));
}

/** What that tokenizer is made of. Throws FormatError likewise. */
export function vocabularyFromGguf({ metadata }: Pick<Gguf, 'metadata'>): IndexedVocabulary {
  const model = metadata.string(`${PREFIX}model`);
  if (model !== 'gpt2')
    throw new FormatError(
      'gguf',
      0,
      `tokenizer model is '${model}', this reader knows 'gpt2', byte-level BPE`,
    );

  const id = (name: string) =>
    metadata.has(`${PREFIX}${name}_token_id`) ? metadata.number(`${PREFIX}${name}_token_id`) : undefined;
  const vocabulary = {
    tokens: metadata.stringArray(`${PREFIX}tokens`),
    tokenTypes: metadata.numberArray(`${PREFIX}token_type`),
    merges: metadata.stringArray(`${PREFIX}merges`),
    pre: metadata.has(`${PREFIX}pre`) ? metadata.string(`${PREFIX}pre`) : 'default',
    bosId: id('bos'),
    eosId: id('eos'),
    stopIds: [id('eot'), id('eom')].filter((stop) => stop !== undefined),
    addBos: metadata.has(`${PREFIX}add_bos_token`) ? metadata.bool(`${PREFIX}add_bos_token`) : undefined,
  };

  return sound(() => indexVocabulary(vocabulary));
}

function sound<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) throw new FormatError('gguf', 0, `tokenizer: ${error.message}`);
    throw error;
  }
}
