import type { CallWriter } from './call-writer.ts';
import type { JsonSink } from './json-sink.ts';
import { MAX_KEYWORD } from './keyword.ts';
import { readName } from './read-name.ts';
import { readComma, readMembers, readValue } from './read-value.ts';
import type { Reading, ReplyReader } from './reply-reader.ts';

/**
 * Reads `name(key=value, …)`, or `name.call(key=value, …)` as the built-in tools of Llama 3.1 are called. False when it
 * is no call of a known tool, or not a whole one.
 */
export function* readPythonCall(reader: ReplyReader, writer: CallWriter): Reading<boolean> {
  const name = yield* readName(reader, writer);
  if (name === undefined) return false;
  if ((yield* reader.peek()) === '.' && !(yield* reader.word('.call'))) return false;
  if (!(yield* reader.word('('))) return false;

  const sink = writer.open(name);
  sink.structure('{');
  if (!(yield* readArguments(reader, sink))) return false;
  sink.structure('}');
  writer.end();
  return true;
}

/** `key=value, …)`; keys that are no names come as `**{"a key": value}`, behind those that are. */
function* readArguments(reader: ReplyReader, sink: JsonSink): Reading<boolean> {
  for (let count = 0; ; count++) {
    yield* reader.space();
    const next = yield* reader.peek();
    if (next === ')') {
      reader.advance();
      return true;
    }
    const isDict = next === '*';
    const read = isDict ? readDict : readKeyword;
    if (!(yield* read(reader, sink, count === 0))) return false;
    if (!(yield* readComma(reader, ')'))) return false;
    if (isDict) {
      yield* reader.space();
      return yield* reader.word(')');
    }
  }
}

function* readDict(reader: ReplyReader, sink: JsonSink, isFirst: boolean): Reading<boolean> {
  if (!(yield* reader.word('**'))) return false;
  yield* reader.space();
  if (!(yield* reader.word('{'))) return false;
  return (yield* readMembers(reader, sink, 'python', 0, isFirst)) !== undefined;
}

function* readKeyword(reader: ReplyReader, sink: JsonSink, isFirst: boolean): Reading<boolean> {
  const start = reader.position;
  while (/[\p{L}\p{N}_]/u.test(yield* reader.peek())) {
    if (reader.position - start === MAX_KEYWORD) return false;
    reader.advance();
  }
  const key = reader.since(start);
  if (key === '' || /^\p{N}/u.test(key)) return false;
  yield* reader.space();
  if (!(yield* reader.word('='))) return false;
  yield* reader.space();
  sink.structure(`${isFirst ? '' : ','}${JSON.stringify(key)}:`);
  return yield* readValue(reader, sink, 'python');
}
