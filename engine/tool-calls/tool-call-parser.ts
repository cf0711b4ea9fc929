import type { Tool } from '../../models/prompts/prompt.ts';
import { type CallWriter, createCallWriter, type ReplyPart } from './call-writer.ts';
import { escapeJson } from './json-sink.ts';
import { readCalls } from './read-calls.ts';
import { createReplyReader, type Reading, type ReplyReader } from './reply-reader.ts';

/** Finds the calls in a reply while it is written. */
export interface ToolCallParser {
  /** Whether a call has begun. */
  readonly hasCalls: boolean;
  /** The call is made that was to be the only one: nothing more is to come. */
  readonly isFull: boolean;
  push(text: string): readonly ReplyPart[];
  /** The model wrote `<|python_tag|>`, the token: code or calls follow. */
  pushPythonTag(): readonly ReplyPart[];
  /** What was held, when no more text comes. */
  end(): readonly ReplyPart[];
}

export interface ToolCallParserOptions {
  readonly tools: readonly Pick<Tool, 'name' | 'strict'>[];
  /** Whether a reply may make more than one call. */
  readonly isParallel: boolean;
}

/** Code behind `<|python_tag|>` is a call of the tool of this name, with the code as its argument `code`. */
const CODE_INTERPRETER = 'code_interpreter';

const BEFORE_CALL = /\s/;
const BETWEEN_CALLS = /[\s;,)\]}]/; // and brackets too many
const NO_GAP = /(?!)/;
const NO_OPENING = /[^[{<]*/y;
const REST = /[\s\S]*/y;

/**
 * Calls of known tools are told of as they are written, in any of the forms that Llama 3.2 and ChatML models use; all
 * else is text, whole and in order. Text that may become a call is held, 16,384 characters of it at most.
 *
 * A call begins anywhere but right behind a single backtick. Told of are calls that have a name of the request's, and a
 * first value, or none and an end; arguments that go wrong later are told as they were written, to the end of the reply.
 * White space before a first call and between calls is left out.
 */
export function createToolCallParser({ tools, isParallel }: ToolCallParserOptions): ToolCallParser {
  let reader: ReplyReader;
  let reading: Reading<void>;
  const writer = createCallWriter({ tools, isParallel, onTold: () => reader.release() });

  function begin(isCode: boolean): void {
    reader = createReplyReader();
    reading = readReply(reader, writer, isCode);
  }

  begin(false);
  return {
    get hasCalls() {
      return writer.hasCalls;
    },
    get isFull() {
      return writer.isFull;
    },
    push(text) {
      reader.feed(text);
      reading.next();
      return writer.take();
    },
    pushPythonTag() {
      reader.end();
      reading.next();
      if (!writer.isFull) begin(true);
      return writer.take();
    },
    end() {
      reader.end();
      reading.next();
      return writer.take();
    },
  };
}

function* readReply(reader: ReplyReader, writer: CallWriter, isCode: boolean): Reading<void> {
  let mayBeCode = isCode;
  let gap = BEFORE_CALL;
  let before = ''; // the last of the text
  for (;;) {
    const from = reader.position;
    while (gap.test(yield* reader.peek())) reader.advance();
    const start = reader.position;

    const isQuoted = /(^|[^`])`$/.test(before);
    const isCall = !isQuoted && (yield* readCalls(reader, writer, mayBeCode));
    if (writer.isInCall) return yield* readBroken(reader, writer);
    if (writer.isFull) return;
    if (isCall) {
      reader.release();
      gap = BETWEEN_CALLS;
      continue;
    }

    reader.goTo(start);
    if (reader.isAtEnd) {
      if (gap !== BETWEEN_CALLS) writer.say(reader.since(from));
      return;
    }
    if (mayBeCode && gap === BEFORE_CALL && writer.knows(CODE_INTERPRETER)) {
      reader.goTo(from);
      return yield* readCode(reader, writer);
    }
    if ((yield* reader.peek()) !== '') reader.advance(); // else there is too much white space to hold
    reader.takeRun(NO_OPENING);
    before = (before + reader.since(from)).slice(-2);
    writer.say(reader.since(from));
    mayBeCode = false;
    gap = NO_GAP;
  }
}

/** A call that goes wrong when it has been told of: the rest is told as it is. One that was cut short has no rest. */
function* readBroken(reader: ReplyReader, writer: CallWriter): Reading<void> {
  while (!reader.isAtEnd) {
    reader.takeRun(REST);
    writer.writeRaw(reader.since(reader.held));
    yield* reader.peek();
  }
}

function* readCode(reader: ReplyReader, writer: CallWriter): Reading<void> {
  const sink = writer.open(CODE_INTERPRETER);
  sink.structure('{"code":"');
  while (!reader.isAtEnd) {
    const code = reader.takeRun(REST);
    if (code !== '') sink.value(escapeJson(code));
    yield* reader.peek();
  }
  sink.structure('"}');
  writer.end();
}
