import type { CallWriter } from './call-writer.ts';
import type { Reading, ReplyReader } from './reply-reader.ts';

/** Reads the name of a known tool, and no further than one begins so. Undefined when it is none. */
export function* readName(reader: ReplyReader, writer: CallWriter): Reading<string | undefined> {
  const start = reader.position;
  while (/[\w-]/.test(yield* reader.peek())) {
    reader.advance();
    if (!writer.knowsStart(reader.since(start))) return undefined;
  }
  const name = reader.since(start);
  return writer.knows(name) ? name : undefined;
}
