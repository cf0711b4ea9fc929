import type { Reading, ReplyReader } from './reply-reader.ts';

/** Reads a string that is written without escapes. Undefined when it is none, or longer than `most`. */
export function* readPlainText(reader: ReplyReader, most: number): Reading<string | undefined> {
  const quote = yield* reader.peek();
  if (quote !== '"' && quote !== "'") return undefined;
  reader.advance();
  const start = reader.position;
  for (;;) {
    const next = yield* reader.peek();
    const text = reader.since(start);
    if (next === '' || next === '\\' || text.length > most) return undefined;
    reader.advance();
    if (next === quote) return text;
  }
}
