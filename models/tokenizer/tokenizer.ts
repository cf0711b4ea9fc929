import type { Segment } from './segment.ts';

/** Turns text into token ids and back. */
export interface Tokenizer {
  readonly vocabSize: number;
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  /** Whether plain text to be completed starts with bos: `tokenizer.ggml.add_bos_token`. */
  readonly addBos: boolean;
  /** Ids that end a turn: eos, and eot/eom/im_end where the vocabulary has them. */
  readonly stopIds: ReadonlySet<number>;

  /** Ids of plain text. Never a special id, whatever the text says. */
  encode(text: string): Uint32Array;
  /** Ids of a prompt. Throws RangeError for a control string the vocabulary does not have. */
  encodeSegments(segments: readonly Segment[]): Uint32Array;

  /** The id of a special token such as `<|eot_id|>`. */
  specialId(token: string): number | undefined;
  isSpecial(id: number): boolean;
  /** What a special token is called, such as `<|eot_id|>`. */
  specialName(id: number): string | undefined;

  /** The bytes of one token; none for a special token. */
  bytes(id: number): Uint8Array;
  /** Text of all ids at once; bytes that are not UTF-8 become U+FFFD. */
  decode(ids: Iterable<number>): string;
  /** A decoder that keeps the bytes of an unfinished character until the next token completes it. */
  decoder(): TokenDecoder;
}

export interface TokenDecoder {
  push(id: number): string;
  /** What is left when no more tokens come: U+FFFD for an unfinished character, or nothing. */
  end(): string;
}
