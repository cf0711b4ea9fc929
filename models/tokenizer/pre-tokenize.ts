/**
 * Cuts text into the pieces that BPE merges within.
 *
 * The published patterns are regular expressions; here they are scanners over UTF-8, because a JavaScript
 * regular expression has neither Rust's \s nor a bound on its backtracking stack. Each scanner is written in
 * the order of its pattern's alternatives.
 */
import { classAt, LETTER, lengthOf, NEWLINE, NUMBER, OTHER, SPACE } from './character-class.ts';

export interface PreTokenizer {
  /** A piece that is a token as it stands is not merged: Hugging Face's `ignore_merges`. */
  readonly ignoreMerges: boolean;
  /** Whether its models were trained on texts that start with bos. */
  readonly addsBos: boolean;
  /** The end of the part of `bytes` from `start` that is cut without a look at what follows it. */
  readonly chunkEnd: (bytes: Uint8Array, start: number) => number;
  /** The end of the piece at `start`, which is before `end`. `bytes` is valid UTF-8. */
  readonly pieceEnd: (bytes: Uint8Array, start: number, end: number) => number;
}

const APOSTROPHE = 0x27;
const BLANK = 0x20;

/**
 * The pre-tokenizer that `tokenizer.ggml.pre` names.
 *
 * Throws   RangeError for a name it does not know: a wrong one gives wrong ids without a sign of it
 * Source   llama.cpp src/llama-vocab.cpp; Hugging Face tokenizer.json of each model
 */
export function preTokenizer(name: string): PreTokenizer {
  switch (name) {
    case 'llama-bpe':
    case 'llama3':
    case 'llama-v3':
      return { ignoreMerges: true, addsBos: true, chunkEnd: llama3ChunkEnd, pieceEnd: llama3PieceEnd };
    case 'smollm':
      return { ignoreMerges: false, addsBos: false, chunkEnd: wholeText, pieceEnd: smollmPieceEnd };
    case 'gpt2':
    case 'gpt-2':
    case 'default':
      return { ignoreMerges: false, addsBos: false, chunkEnd: wholeText, pieceEnd: gpt2PieceEnd };
    default:
      throw new RangeError(
        `pre-tokenizer ${JSON.stringify(name)} is not known: llama-bpe, smollm and gpt2 are`,
      );
  }
}

const MAX_CHUNK = 400_000; // characters
const MAX_RUN = 25_000; // characters, all white space or none of them

/**
 * Meta's guard against very long texts and runs. It moves no boundary in any text without such a run.
 *
 * Source   meta-llama/llama-models, models/llama3/tokenizer.py, Tokenizer.encode
 */
function llama3ChunkEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  let runIsSpace: boolean | undefined;
  let run = 0;
  for (let characters = 0; at < bytes.length && characters < MAX_CHUNK; characters++) {
    const isSpace = classAt(bytes, at) >= SPACE;
    run = isSpace === runIsSpace ? run + 1 : 1;
    runIsSpace = isSpace;
    if (run > MAX_RUN) return at;
    at += lengthOf(bytes[at]!);
  }
  return at;
}

function wholeText(bytes: Uint8Array): number {
  return bytes.length;
}

/**
 *     (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}
 *     | ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 */
function llama3PieceEnd(bytes: Uint8Array, start: number, end: number): number {
  const first = classAt(bytes, start);
  const second = start + lengthOf(bytes[start]!);

  if (bytes[start] === APOSTROPHE) {
    const contraction = contractionEnd(bytes, start, end, true);
    if (contraction > 0) return contraction;
  }
  if (first === LETTER) return runEnd(bytes, second, end, LETTER);
  if (first === NUMBER) return numberEnd(bytes, start, end, 3);
  if (first === NEWLINE) return spaceEnd(bytes, start, end);
  if (isClass(bytes, second, end, LETTER)) return runEnd(bytes, second, end, LETTER);

  const mark = bytes[start] === BLANK ? second : start;
  if (isClass(bytes, mark, end, OTHER)) {
    return runEnd(bytes, runEnd(bytes, mark, end, OTHER), end, NEWLINE);
  }
  return spaceEnd(bytes, start, end);
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last newline of the run, or else leave one space for the next word. */
function spaceEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let last = start;
  let afterNewline = 0;
  for (; at < end; at += lengthOf(bytes[at]!)) {
    const kind = classAt(bytes, at);
    if (kind < SPACE) break;
    last = at;
    if (kind === NEWLINE) afterNewline = at + 1;
  }
  if (afterNewline > 0) return afterNewline;
  return at === end || last === start ? at : last;
}

/** `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` */
function gpt2PieceEnd(bytes: Uint8Array, start: number, end: number): number {
  return gpt2Alternative(bytes, start, end) || trailingSpaceEnd(bytes, start, end, false);
}

/** Every digit apart, and then GPT-2's pattern between them: a space before a digit is a piece of its own. */
function smollmPieceEnd(bytes: Uint8Array, start: number, end: number): number {
  const first = classAt(bytes, start);
  if (first === NUMBER) return start + lengthOf(bytes[start]!);
  if (bytes[start] === BLANK && isClass(bytes, start + 1, end, NUMBER)) return start + 1;
  return gpt2Alternative(bytes, start, end) || trailingSpaceEnd(bytes, start, end, true);
}

/** The end of what GPT-2's first four alternatives match; 0 when none does. */
function gpt2Alternative(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] === APOSTROPHE) {
    const contraction = contractionEnd(bytes, start, end, false);
    if (contraction > 0) return contraction;
  }
  const word = bytes[start] === BLANK ? start + 1 : start;
  if (word === end) return 0;
  const kind = classAt(bytes, word);
  return kind >= SPACE ? 0 : runEnd(bytes, word, end, kind);
}

/** `\s+(?!\S)|\s+`, where a number may count as the end of the text. */
function trailingSpaceEnd(bytes: Uint8Array, start: number, end: number, numberEnds: boolean): number {
  let at = start;
  let last = start;
  for (; at < end && classAt(bytes, at) >= SPACE; at += lengthOf(bytes[at]!)) last = at;
  if (at === end || last === start) return at;
  return numberEnds && classAt(bytes, at) === NUMBER ? at : last;
}

/** The end of `'s`, `'re` and so on at `start`; 0 when there is none. `ſ` is an `s` that ignores case. */
function contractionEnd(bytes: Uint8Array, start: number, end: number, ignoreCase: boolean): number {
  const fold = ignoreCase ? 0x20 : 0;
  const letter = (at: number) => (at < end ? String.fromCharCode(bytes[at]! | fold) : '');
  const one = letter(start + 1);
  if (one === 's' || one === 't' || one === 'm' || one === 'd') return start + 2;
  const two = one + letter(start + 2);
  if (two === 're' || two === 've' || two === 'll') return start + 3;
  const isLongS = ignoreCase && bytes[start + 1] === 0xc5 && bytes[start + 2] === 0xbf;
  return isLongS && start + 3 <= end ? start + 3 : 0;
}

function isClass(bytes: Uint8Array, at: number, end: number, kind: number): boolean {
  return at < end && classAt(bytes, at) === kind;
}

function runEnd(bytes: Uint8Array, at: number, end: number, kind: number): number {
  while (at < end && classAt(bytes, at) === kind) at += lengthOf(bytes[at]!);
  return at;
}

function numberEnd(bytes: Uint8Array, at: number, end: number, most: number): number {
  for (let i = 0; i < most && isClass(bytes, at, end, NUMBER); i++) at += lengthOf(bytes[at]!);
  return at;
}
