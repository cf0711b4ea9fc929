import type { TokenDecoder } from '../models/tokenizer/tokenizer.ts';

/** Turns tokens into text that may be sent: whole characters, and never a piece of a stop string. */
export interface TextStream {
  /** The text now safe to send. `stopped` when a stop string is complete: it and all after it are cut. */
  push(id: number): { readonly text: string; readonly stopped: boolean };
  /** What was withheld, when no more tokens come. */
  end(): { readonly text: string; readonly stopped: boolean };
}

/**
 * Withholds text for as long as it may be the beginning of a stop string.
 *
 * The stop string that is complete first wins, and the longest of those that end together, so that the text does
 * not depend on where the tokens' borders fall.
 */
export function createTextStream(decoder: TokenDecoder, stop: readonly string[]): TextStream {
  const stops = stop.filter((text) => text !== '');
  const longest = stops.reduce((most, { length }) => Math.max(most, length), 0);
  let held = '';

  const take = (text: string) => {
    held += text;
    const cut = firstStop(held, stops);
    const send = cut ?? held.length - heldBack(held);
    const sent = held.slice(0, send);
    held = cut === undefined ? held.slice(send) : '';
    return { text: sent, stopped: cut !== undefined };
  };

  /** How many characters at the end could still become a stop string. */
  const heldBack = (text: string): number => {
    for (let n = Math.min(longest - 1, text.length); n > 0; n--) {
      const tail = text.slice(-n);
      if (stops.some((wanted) => wanted.startsWith(tail))) return n;
    }
    return 0;
  };

  return {
    push: (id) => take(decoder.push(id)),
    end() {
      const { text, stopped } = take(decoder.end());
      return { text: text + held, stopped };
    },
  };
}

/** Where the stop string begins that is complete first. */
function firstStop(text: string, stops: readonly string[]): number | undefined {
  let start: number | undefined;
  let end = Infinity;
  for (const wanted of stops) {
    const at = text.indexOf(wanted);
    if (at < 0 || at + wanted.length > end) continue;
    start = at + wanted.length < end ? at : Math.min(at, start!);
    end = at + wanted.length;
  }
  return start;
}
