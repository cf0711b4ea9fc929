import type { CallWriter } from './call-writer.ts';
import { type Capture, createCapture } from './json-sink.ts';
import { readPlainText } from './read-plain-text.ts';
import { readText } from './read-string.ts';
import { readValue } from './read-value.ts';
import type { Reading, ReplyReader } from './reply-reader.ts';

const MAX_KEY = 16;
const MAX_NAME = 64;
export const MAX_ID = 256;

/**
 * Reads `{"name": …, "parameters": {…}}`: `arguments` for `parameters`, `function` for `name`, `type` and `id` beside
 * them, each once and in any order; or the same as the `function` of another object. Arguments that come before the name
 * are kept until it does, but for those of strict tools: they had to be known while they were written. False when it is
 * no call of a known tool, or not a whole one.
 */
export function* readJsonCall(reader: ReplyReader, writer: CallWriter, isInner = false): Reading<boolean> {
  let name: string | undefined;
  let given: Capture | undefined;
  reader.advance();

  for (;;) {
    yield* reader.space();
    const key = yield* readPlainText(reader, MAX_KEY);
    yield* reader.space();
    if (key === undefined || !(yield* reader.word(':'))) return false;
    yield* reader.space();
    const first = yield* reader.peek();

    if (key === 'type') {
      if ((yield* readPlainText(reader, MAX_NAME)) !== 'function') return false;
    } else if (key === 'id') {
      if ((yield* readPlainText(reader, MAX_ID)) === undefined) return false;
    } else if (key === 'function' && first === '{' && !isInner) {
      if (!(yield* readJsonCall(reader, writer, true))) return false;
      return yield* skipRest(reader, writer);
    } else if ((key === 'name' || key === 'function') && name === undefined) {
      name = yield* readPlainText(reader, MAX_NAME);
      if (name === undefined || !writer.knows(name)) return false;
      if (given) {
        if (writer.isStrict(name)) return false;
        given.replay(writer.open(name));
        writer.end();
        return yield* skipRest(reader, writer);
      }
    } else if ((key === 'parameters' || key === 'arguments') && first === '{' && !given) {
      if (name !== undefined) {
        if (!(yield* readValue(reader, writer.open(name), 'json'))) return false;
        writer.end();
        return yield* skipRest(reader, writer);
      }
      given = createCapture();
      if (!(yield* readValue(reader, given, 'json'))) return false;
    } else {
      return false;
    }

    yield* reader.space();
    if (!(yield* reader.word(','))) return false;
  }
}

/** The call is whole: what else its object has is passed over, as far as it is JSON. */
function* skipRest(reader: ReplyReader, writer: CallWriter): Reading<true> {
  if (writer.isFull) return true;
  const call = reader.position;
  for (;;) {
    yield* reader.space();
    const next = yield* reader.peek();
    if (next === '}') {
      reader.advance();
      return true;
    }
    if (next !== ',' || !(yield* skipMember(reader))) {
      reader.goTo(call);
      return true;
    }
  }
}

function* skipMember(reader: ReplyReader): Reading<boolean> {
  reader.advance();
  yield* reader.space();
  if ((yield* readText(reader, 'json', MAX_ID)) === undefined) return false;
  yield* reader.space();
  if (!(yield* reader.word(':'))) return false;
  yield* reader.space();
  return yield* readValue(reader, createCapture(), 'json');
}
