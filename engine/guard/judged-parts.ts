import type { Part } from '../engine.ts';

/** Characters that come anew into a window, and that stay in it for the next. */
export interface WindowSizes {
  readonly step: number;
  readonly overlap: number;
}

const SIZES: WindowSizes = { step: 240, overlap: 160 }; // about 60 and 40 tokens

/**
 * A reply's parts, let go once they were found safe. A window is all that is held: what was judged before and still
 * overlaps, and what is new. Of a safe window the parts before the overlap leave; of an unsafe one nothing does, and the
 * reply ends. So what is unsafe within `overlap` characters lies whole in a window, and never leaves in pieces.
 */
export async function* judgedParts(
  parts: AsyncIterable<Part>,
  isUnsafe: (text: string) => Promise<boolean>,
  promptTokens: number,
  { step, overlap }: WindowSizes = SIZES,
): AsyncGenerator<Part, void> {
  let held: Part[] = [];
  let unjudged = 0; // characters
  let said = 0; // parts: about the tokens

  for await (const part of parts) {
    if (part.type === 'done') {
      if (unjudged > 0 && (await isUnsafe(textOf(held)))) {
        yield { ...part, reason: 'content_filter' };
        return;
      }
      yield* held;
      yield part;
      return;
    }
    held.push(part);
    said++;
    unjudged += textOf([part]).length;
    if (unjudged < step) continue;

    if (await isUnsafe(textOf(held))) {
      const usage = { promptTokens, cachedTokens: 0, completionTokens: said };
      yield { type: 'done', reason: 'content_filter', usage };
      return; // leaves the loop, and so stops the model
    }
    unjudged = 0;
    const leaving = beforeOverlap(held, overlap);
    yield* held.slice(0, leaving);
    held = held.slice(leaving);
  }
}

/** How many of the first parts may go, so that the rest still has `overlap` characters. */
function beforeOverlap(held: readonly Part[], overlap: number): number {
  let rest = 0;
  let first = held.length;
  while (first > 0 && rest < overlap) rest += textOf([held[--first]!]).length;
  return first;
}

/** What a client would read, calls included. */
function textOf(parts: readonly Part[]): string {
  return parts
    .map((part) => {
      if (part.type === 'text' || part.type === 'tool_arguments') return part.text;
      return part.type === 'tool_call' ? `\n${part.name}` : '';
    })
    .join('');
}
