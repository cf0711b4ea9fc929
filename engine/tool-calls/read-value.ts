import { createCapture, type JsonSink } from './json-sink.ts';
import { readNumber } from './read-number.ts';
import { type Dialect, readString, readText } from './read-string.ts';
import type { Reading, ReplyReader } from './reply-reader.ts';

const MAX_DEPTH = 128;
const MAX_KEY = 8192;
const MAX_WORD = 8;
const WORDS: Readonly<Record<string, string>> = {
  ...{ True: 'true', False: 'false', None: 'null' },
  ...{ true: 'true', false: 'false', null: 'null' },
};

/**
 * Reads a value, of JSON or a literal of Python, and writes it as JSON while it comes. Each takes the other's words and
 * quotes: models mix them. False when it is neither, or lies deeper than 128.
 */
export function* readValue(
  reader: ReplyReader,
  sink: JsonSink,
  dialect: Dialect,
  depth = 0,
): Reading<boolean> {
  const first = yield* reader.peek();
  if (first === '"' || first === "'") return yield* readString(reader, dialect, sink.value);
  if (/[\d.+-]/.test(first)) {
    const number = yield* readNumber(reader);
    if (number !== undefined) sink.value(number);
    return number !== undefined;
  }
  if (/[A-Za-z]/.test(first)) return yield* readWord(reader, sink, dialect);
  if (depth === MAX_DEPTH) return false;
  if (first === '[') return yield* readList(reader, sink, dialect, depth);
  if (first === '{') return yield* readObject(reader, sink, dialect, depth);
  if (first === '(' && dialect === 'python') return yield* readTuple(reader, sink, depth);
  return false;
}

/** Reads the members of an object, from behind its `{` to its `}`, and writes them without either, behind others or not. */
export function* readMembers(
  reader: ReplyReader,
  sink: JsonSink,
  dialect: Dialect,
  depth: number,
  isFirst = true,
): Reading<'some' | 'none' | undefined> {
  for (let count = 0; ; count++) {
    yield* reader.space();
    if ((yield* reader.peek()) === '}') {
      reader.advance();
      return count === 0 ? 'none' : 'some';
    }
    const key = yield* readText(reader, dialect, MAX_KEY);
    if (key === undefined) return undefined;
    yield* reader.space();
    if (!(yield* reader.word(':'))) return undefined;
    yield* reader.space();
    sink.structure(`${isFirst && count === 0 ? '' : ','}${JSON.stringify(key)}:`);
    if (!(yield* readValue(reader, sink, dialect, depth + 1))) return undefined;
    if (!(yield* readComma(reader, '}'))) return undefined;
  }
}

/** Takes a comma, or stands before what closes; false when neither comes. */
export function* readComma(reader: ReplyReader, closing: string): Reading<boolean> {
  yield* reader.space();
  const next = yield* reader.peek();
  if (next === ',') reader.advance();
  return next === ',' || next === closing;
}

function* readObject(reader: ReplyReader, sink: JsonSink, dialect: Dialect, depth: number): Reading<boolean> {
  reader.advance();
  sink.structure('{');
  const members = yield* readMembers(reader, sink, dialect, depth);
  if (members !== undefined) close(sink, '}', members === 'none');
  return members !== undefined;
}

function* readList(reader: ReplyReader, sink: JsonSink, dialect: Dialect, depth: number): Reading<boolean> {
  reader.advance();
  sink.structure('[');
  return yield* readItems(reader, sink, dialect, depth, ']', 0);
}

/** `(1, 2)` is a list to JSON, `(1)` is 1. */
function* readTuple(reader: ReplyReader, sink: JsonSink, depth: number): Reading<boolean> {
  reader.advance();
  yield* reader.space();
  const first = createCapture();
  if ((yield* reader.peek()) === ')') {
    reader.advance();
    sink.value('[]');
    return true;
  }
  if (!(yield* readValue(reader, first, 'python', depth + 1))) return false;
  yield* reader.space();
  if ((yield* reader.peek()) === ')') {
    reader.advance();
    first.replay(sink);
    return true;
  }
  if (!(yield* reader.word(','))) return false;
  sink.structure('[');
  first.replay(sink);
  return yield* readItems(reader, sink, 'python', depth, ')', 1);
}

/** Items up to the closing bracket, of which `before` have been written. */
function* readItems(
  reader: ReplyReader,
  sink: JsonSink,
  dialect: Dialect,
  depth: number,
  closing: ')' | ']',
  before: number,
): Reading<boolean> {
  for (let count = before; ; count++) {
    yield* reader.space();
    if ((yield* reader.peek()) === closing) {
      reader.advance();
      close(sink, ']', count === 0);
      return true;
    }
    if (count > 0) sink.structure(',');
    if (!(yield* readValue(reader, sink, dialect, depth + 1))) return false;
    if (!(yield* readComma(reader, closing))) return false;
  }
}

/** An empty list or object is a value; the end of another says nothing new. */
function close(sink: JsonSink, bracket: string, isEmpty: boolean): void {
  if (isEmpty) sink.value(bracket);
  else sink.structure(bracket);
}

/** True, None and the like; or the prefix of a string. */
function* readWord(reader: ReplyReader, sink: JsonSink, dialect: Dialect): Reading<boolean> {
  const start = reader.position;
  let next = yield* reader.peek();
  for (; /\w/.test(next); next = yield* reader.peek()) {
    if (reader.position - start === MAX_WORD) return false;
    reader.advance();
  }
  const word = reader.since(start);
  if (dialect === 'python' && /^[ru]$/i.test(word) && /["']/.test(next))
    return yield* readString(reader, dialect, sink.value, /r/i.test(word));
  if (!Object.hasOwn(WORDS, word)) return false;
  sink.value(WORDS[word]!);
  return true;
}
