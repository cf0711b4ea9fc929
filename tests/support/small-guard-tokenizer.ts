import { TextList } from '../../models/gguf/text-list.ts';
import { createBpeTokenizer } from '../../models/tokenizer/bpe-tokenizer.ts';

const CONTROLS = ['<|begin_of_text|>', '<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>'];
/** What becomes of two tokens: the words that a verdict is read from. Ċ spells a newline. */
const MERGES = ['Ċ Ċ', 's a', 'f e', 'sa fe', 'u n', 'un safe'];
const [NORMAL, CONTROL] = [1, 3];

/** Llama 3's way of cutting text, with a token for each byte and little more: it needs no file. */
export function smallGuardTokenizer() {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const isPrintable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  const others = bytes.filter((byte) => !isPrintable(byte));
  const spell = (byte: number) => String.fromCodePoint(isPrintable(byte) ? byte : 256 + others.indexOf(byte));
  const tokens = [...bytes.map(spell), ...MERGES.map((pair) => pair.replace(' ', '')), ...CONTROLS];
  const firstControl = tokens.length - CONTROLS.length;
  return createBpeTokenizer({
    tokens: TextList.from(tokens),
    tokenTypes: tokens.map((_, id) => (id < firstControl ? NORMAL : CONTROL)),
    merges: TextList.from(MERGES),
    pre: 'llama-bpe',
    bosId: firstControl,
    eosId: tokens.length - 1,
  });
}
