/** A line of a file that is not blank. */
export interface Line {
  readonly number: number; // from 1, blank ones counted
  /** Bytes of the file up to the next line. */
  readonly end: number;
  /** Undefined when it is too long, or no UTF-8. */
  readonly text: string | undefined;
}

export interface LinePlace {
  /** Of the line before. */
  readonly number: number;
  /** Where the first byte comes from. */
  readonly end: number;
}

const NEWLINE = 10;

/**
 * Lines of a file as its bytes come. No more than one line, and a chunk of bytes, is held; of a line that is too long,
 * nothing.
 */
export async function* readLines(
  bytes: AsyncIterable<Uint8Array>,
  { number, end }: LinePlace,
  maxBytes: number,
): AsyncGenerator<Line, void> {
  let held: Uint8Array[] = [];
  let length = 0;
  const take = (part: Uint8Array) => {
    length += part.length;
    if (length > maxBytes) held = [];
    else held.push(part.slice()); // a chunk may be written over once the next is asked for
  };
  const finish = (): Line | undefined => {
    const text = length > maxBytes ? undefined : decode(held);
    held = [];
    length = 0;
    return text?.trim() === '' ? undefined : { number, end, text };
  };

  for await (let chunk of bytes) {
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE)) {
      take(chunk.subarray(0, at));
      chunk = chunk.subarray(at + 1);
      number++;
      end += length + 1;
      const line = finish();
      if (line) yield line;
    }
    if (chunk.length > 0) take(chunk);
  }
  if (length === 0) return;
  number++;
  end += length;
  const last = finish();
  if (last) yield last;
}

function decode(parts: readonly Uint8Array[]): string | undefined {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    return parts.map((part) => decoder.decode(part, { stream: true })).join('') + decoder.decode();
  } catch {
    return undefined;
  }
}
