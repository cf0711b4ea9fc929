import type { Part } from '../../engine/engine.ts';
import { ContentFilterError } from '../errors.ts';

/** Why a text ended: by itself, or at the length it may have. */
export type Ending = 'completed' | 'incomplete';

/**
 * A reply's text as it comes, less white space around it.
 *
 * Throws   ContentFilterError when the guard objects
 */
export async function* saidText(parts: AsyncIterable<Part>): AsyncGenerator<string, Ending> {
  let held = ''; // white space that may be the last
  let hasBegun = false;
  for await (const part of parts) {
    if (part.type === 'done') {
      if (part.reason === 'content_filter') throw new ContentFilterError();
      return part.reason === 'length' ? 'incomplete' : 'completed';
    }
    if (part.type !== 'text') continue;
    const text = held + (hasBegun ? part.text : part.text.trimStart());
    const said = text.trimEnd();
    held = said === '' && !hasBegun ? '' : text.slice(said.length);
    if (said === '') continue;
    hasBegun = true;
    yield said;
  }
  throw new Error('the completion ended without a done part');
}

/** All of it as one. */
export async function wholeText(
  said: AsyncGenerator<string, Ending>,
): Promise<{ readonly text: string; readonly ending: Ending }> {
  let text = '';
  for (;;) {
    const { done, value } = await said.next();
    if (done) return { text, ending: value };
    text += value;
  }
}
