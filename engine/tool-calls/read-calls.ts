import type { CallWriter } from './call-writer.ts';
import { readJsonCall } from './read-json-call.ts';
import { readName } from './read-name.ts';
import { readPythonCall } from './read-python-call.ts';
import { readValue } from './read-value.ts';
import type { Reading, ReplyReader } from './reply-reader.ts';

/**
 * Reads what stands here as calls: a list of them, one as JSON, or one or more in tags. With `isCode`, behind
 * `<|python_tag|>`, also one without brackets. False when it is none, or the first of them is not whole.
 */
export function* readCalls(reader: ReplyReader, writer: CallWriter, isCode: boolean): Reading<boolean> {
  const first = yield* reader.peek();
  if (first === '[') return yield* readList(reader, writer);
  if (first === '{') return yield* readJsonCall(reader, writer);
  if (first === '<') return yield* readTagged(reader, writer);
  return isCode && (yield* readPythonCall(reader, writer));
}

/** `[f(a=1), {"name": "g", "parameters": {}}]`, or as much of it as is calls. */
function* readList(reader: ReplyReader, writer: CallWriter): Reading<boolean> {
  reader.advance();
  for (let whole: number | undefined; ; ) {
    yield* reader.space();
    const isJson = (yield* reader.peek()) === '{';
    const isCall = isJson ? yield* readJsonCall(reader, writer) : yield* readPythonCall(reader, writer);
    if (writer.isFull) return true;
    if (!isCall) {
      if (whole === undefined || writer.isInCall) return false;
      reader.goTo(whole);
      return true;
    }

    whole = reader.position;
    yield* reader.space();
    const next = yield* reader.peek();
    if (next === ']') {
      reader.advance();
      return true;
    }
    if (next !== ',') {
      reader.goTo(whole);
      return true;
    }
    reader.advance();
  }
}

function* readTagged(reader: ReplyReader, writer: CallWriter): Reading<boolean> {
  reader.advance();
  switch (yield* reader.peek()) {
    case 't':
      return (yield* reader.word('tool_call>')) && (yield* readToolCall(reader, writer));
    case 'f':
      return (yield* reader.word('function=')) && (yield* readFunction(reader, writer));
    case '|': {
      if (!(yield* reader.word('|python_tag|>'))) return false;
      yield* reader.space();
      return yield* readCalls(reader, writer, true);
    }
    default:
      return false;
  }
}

/** `name>{…}</function>`, behind `<function=`. */
function* readFunction(reader: ReplyReader, writer: CallWriter): Reading<boolean> {
  const name = yield* readName(reader, writer);
  if (name === undefined || !(yield* reader.word('>'))) return false;
  yield* reader.space();
  if ((yield* reader.peek()) !== '{') return false;
  if (!(yield* readValue(reader, writer.open(name), 'json'))) return false;
  writer.end();
  yield* skipWord(reader, '</function>');
  return true;
}

/** Lists and objects up to `</tool_call>`, behind `<tool_call>`. */
function* readToolCall(reader: ReplyReader, writer: CallWriter): Reading<boolean> {
  for (let whole: number | undefined; ; whole = reader.position) {
    yield* reader.space();
    if (!/[[{]/.test(yield* reader.peek()) || !(yield* readCalls(reader, writer, false))) {
      if (whole === undefined || writer.isInCall) return false;
      reader.goTo(whole);
      yield* skipWord(reader, '</tool_call>');
      return true;
    }
    if (writer.isFull) return true;
  }
}

/** Takes a closing tag, where there is one. */
function* skipWord(reader: ReplyReader, word: string): Reading<void> {
  const start = reader.position;
  yield* reader.space();
  if (!(yield* reader.word(word))) reader.goTo(start);
}
