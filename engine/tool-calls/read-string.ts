import { escapeJson } from './json-sink.ts';
import type { Reading, ReplyReader } from './reply-reader.ts';

/** JSON and Python differ in what `\/` says, and in whether strings side by side are one. */
export type Dialect = 'json' | 'python';

const PLAIN: Readonly<Record<string, RegExp>> = { '"': /[^"\\]*/y, "'": /[^'\\]*/y };
const QUOTE = /["']/;
const SIMPLE: Readonly<Record<string, string>> = {
  ...{ n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', a: '\x07' },
  ...{ '\\': '\\', '"': '"', "'": "'", '\n': '' },
};
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const MAX_CODE_POINT = 0x10ffff;

/**
 * Reads a string, from its opening quote on, and gives it to `put` as it comes: the pieces together are a string of
 * JSON. False when it does not end, or has an escape that stands for nothing.
 */
export function* readString(
  reader: ReplyReader,
  dialect: Dialect,
  put: (json: string) => void,
  isRaw = false,
): Reading<boolean> {
  for (let opening = '"'; ; opening = '') {
    if (!(yield* readQuoted(reader, dialect, put, isRaw, opening))) return false;
    const end = reader.position;
    if (dialect === 'python') yield* reader.space();
    if (dialect === 'json' || !QUOTE.test(yield* reader.peek())) {
      reader.goTo(end);
      put('"');
      return true;
    }
  }
}

/** Reads a string as a whole. Undefined when there is none, or it is longer than `most`. */
export function* readText(reader: ReplyReader, dialect: Dialect, most: number): Reading<string | undefined> {
  if (!QUOTE.test(yield* reader.peek())) return undefined;
  let json = '';
  const put = (piece: string) => {
    json += piece;
  };
  if (!(yield* readString(reader, dialect, put))) return undefined;
  const text: string = JSON.parse(json);
  return text.length > most ? undefined : text;
}

function* readQuoted(
  reader: ReplyReader,
  dialect: Dialect,
  put: (json: string) => void,
  isRaw: boolean,
  opening: string,
): Reading<boolean> {
  const quote = yield* reader.peek();
  reader.advance();
  put(opening);
  let closing = quote;
  if (dialect === 'python' && (yield* reader.peek()) === quote) {
    reader.advance();
    if ((yield* reader.peek()) !== quote) return true; // an empty string
    reader.advance();
    closing = quote.repeat(3);
  }

  for (;;) {
    const run = reader.takeRun(PLAIN[quote]!);
    if (run !== '') put(escapeJson(run));

    const next = yield* reader.peek();
    if (next === '') return false;
    if (next === '\\') {
      if (!(yield* readEscape(reader, dialect, put, isRaw))) return false;
    } else if (next === quote) {
      const start = reader.position;
      if (yield* reader.word(closing)) return true;
      put(escapeJson(reader.since(start))); // fewer quotes than close it
    }
  }
}

function* readEscape(
  reader: ReplyReader,
  dialect: Dialect,
  put: (json: string) => void,
  isRaw: boolean,
): Reading<boolean> {
  reader.advance();
  const kind = yield* reader.peek();
  if (kind === '') return false;
  if (isRaw) {
    put('\\\\');
    if (kind === '\\' || QUOTE.test(kind)) {
      reader.advance();
      put(escapeJson(kind));
    }
    return true;
  }

  const digits = HEX_DIGITS[kind];
  if (digits !== undefined) {
    reader.advance();
    const code = yield* readCode(reader, /[\da-fA-F]/, digits, 16);
    if (code === undefined || code.length < digits || code.value > MAX_CODE_POINT) return false;
    put(escapeJson(String.fromCodePoint(code.value)));
    return true;
  }
  if (/[0-7]/.test(kind)) {
    const code = yield* readCode(reader, /[0-7]/, 3, 8);
    put(escapeJson(String.fromCodePoint(code!.value)));
    return true;
  }
  if (kind === 'N') return false; // \N{name}: Unicode's names are not known here

  reader.advance();
  const kept = kind === '/' && dialect === 'json' ? '/' : `\\${kind}`; // Python keeps a backslash that means nothing
  put(escapeJson(SIMPLE[kind] ?? kept));
  return true;
}

function* readCode(
  reader: ReplyReader,
  digit: RegExp,
  most: number,
  base: number,
): Reading<{ readonly value: number; readonly length: number } | undefined> {
  const start = reader.position;
  while (reader.position - start < most && digit.test(yield* reader.peek())) reader.advance();
  const text = reader.since(start);
  return text === '' ? undefined : { value: Number.parseInt(text, base), length: text.length };
}
