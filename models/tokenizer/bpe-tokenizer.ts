import { IdList } from './id-list.ts';
import { PieceMerger } from './merge-piece.ts';
import { preTokenizer } from './pre-tokenize.ts';
import { joinTexts } from './segment.ts';
import type { Tokenizer } from './tokenizer.ts';
import { type BpeVocabulary, type IndexedVocabulary, indexVocabulary } from './vocabulary.ts';

/** The special tokens of a vocabulary, by name: what prompt templates are written with. */
export interface SpecialTokens {
  readonly names: readonly string[];
  readonly bos: string | undefined;
  readonly eos: string | undefined;
}

export interface BpeTokenizer extends Tokenizer {
  readonly special: SpecialTokens;
}

/** U+FEFF at the start is a character like any other, not a mark to drop. */
const UTF8 = { ignoreBOM: true };
const KEPT_SYMBOLS = 1024; // scratch for a longer piece is not kept
const encoder = new TextEncoder();

/**
 * Makes a tokenizer of a byte-level BPE vocabulary.
 *
 * Text becomes normal tokens, and user-defined ones where it spells them, as with Hugging Face's added tokens
 * and in llama.cpp. All other types are special: only `control` segments make them.
 *
 * Throws   RangeError when the parts of the vocabulary disagree, or its pre-tokenizer is not known
 */
export function createBpeTokenizer(vocabulary: BpeVocabulary): BpeTokenizer {
  return tokenizerOf(indexVocabulary(vocabulary));
}

/** As `createBpeTokenizer`, of a vocabulary that has been indexed. */
export function tokenizerOf(vocabulary: IndexedVocabulary): BpeTokenizer {
  const { index, specialIds, userDefinedIds, stopIds, bosId, eosId } = vocabulary;
  const vocabSize = index.length;
  const { ignoreMerges, addsBos, chunkEnd, pieceEnd } = preTokenizer(vocabulary.pre);
  const merger = new PieceMerger(vocabulary.merges);
  const specialNames = new Map([...specialIds].map(([name, id]) => [id, name]));
  const nameOf = (id: number | undefined) => (id === undefined ? undefined : specialNames.get(id));

  const byteIds = Int32Array.from({ length: 256 }, (_, byte) => index.find(Uint8Array.of(byte), 0, 1));
  const userDefined = userDefinedIds.size > 0 ? anyOf([...userDefinedIds.keys()]) : undefined;
  const keptSymbols = new Int32Array(KEPT_SYMBOLS);

  function encodeText(out: IdList, text: string): void {
    const parts = userDefined === undefined ? [text] : text.split(userDefined);
    for (const [i, part] of parts.entries()) {
      if (i % 2 === 1) out.push(userDefinedIds.get(part)!);
      else encodeUtf8(out, encoder.encode(part));
    }
  }

  function encodeUtf8(out: IdList, utf8: Uint8Array): void {
    for (let start = 0; start < utf8.length; ) {
      const end = chunkEnd(utf8, start);
      while (start < end) {
        const next = pieceEnd(utf8, start, end);
        encodePiece(out, utf8, start, next);
        start = next;
      }
    }
  }

  function encodePiece(out: IdList, utf8: Uint8Array, start: number, end: number): void {
    const whole = ignoreMerges ? index.find(utf8, start, end) : -1;
    if (whole >= 0) {
      out.push(whole);
      return;
    }
    const symbols = end - start <= KEPT_SYMBOLS ? keptSymbols : new Int32Array(end - start);
    let count = 0;
    for (let i = start; i < end; i++) {
      const id = byteIds[utf8[i]!]!;
      if (id >= 0) symbols[count++] = id; // SmolLM2 lacks 8 rare bytes; like Hugging Face's, leave them out
    }
    const left = merger.merge(symbols, count);
    for (let i = 0; i < left; i++) out.push(symbols[i]!);
  }

  function bytes(id: number): Uint8Array {
    if (!(Number.isInteger(id) && id >= 0 && id < vocabSize))
      throw new RangeError(`token id ${id} is not in the vocabulary of ${vocabSize} tokens`);
    return index.at(id);
  }

  return {
    vocabSize,
    bosId,
    eosId,
    addBos: bosId !== undefined && (vocabulary.addBos ?? addsBos),
    stopIds,
    special: {
      names: [...specialIds.keys()],
      bos: nameOf(bosId),
      eos: nameOf(eosId),
    },

    encode(text) {
      const out = new IdList();
      encodeText(out, text);
      return out.toArray();
    },

    encodeSegments(segments) {
      const out = new IdList();
      // Text that no control token parts is one text, however many pieces a template built it of.
      for (const segment of joinTexts(segments)) {
        if ('text' in segment) {
          encodeText(out, segment.text);
          continue;
        }
        const id = specialIds.get(segment.control);
        if (id === undefined)
          throw new RangeError(
            `${JSON.stringify(segment.control)} is not a special token of this vocabulary`,
          );
        out.push(id);
      }
      return out.toArray();
    },

    specialId: (token) => specialIds.get(token),
    isSpecial: (id) => specialNames.has(id),
    specialName: nameOf,
    bytes,

    decode(ids) {
      const utf8 = new TextDecoder('utf-8', UTF8);
      let text = '';
      for (const id of ids) text += utf8.decode(bytes(id), { stream: true });
      return text + utf8.decode();
    },

    decoder() {
      const utf8 = new TextDecoder('utf-8', UTF8);
      return {
        push: (id) => utf8.decode(bytes(id), { stream: true }),
        end: () => utf8.decode(),
      };
    },
  };
}

/** Matches, and captures, the longest of `words` where the earliest of them starts. */
function anyOf(words: readonly string[]): RegExp {
  const longestFirst = [...words].sort((a, b) => b.length - a.length);
  return new RegExp(
    `(${longestFirst.map((word) => word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})`,
    'u',
  );
}
