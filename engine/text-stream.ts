import type { TokenDecoder } from '../models/tokenizer/tokenizer.ts';
import type { TokenLogprob } from './engine.ts';

/** A token's logprobs before its place in the text is known. */
export type UnplacedToken = Omit<TokenLogprob, 'start'>;

/** What is now safe to send. */
export interface TextPiece {
  readonly text: string;
  /** Those whose text begins in `text`, of the tokens that came with logprobs. */
  readonly tokens: readonly TokenLogprob[];
  /** A stop string is complete: it and all after it are cut, tokens that begin there too. */
  readonly stopped: boolean;
}

/** Turns tokens into text that may be sent: whole characters, and never a piece of a stop string. */
export interface TextStream {
  push(id: number, logprobs?: UnplacedToken): TextPiece;
  /** What was withheld, when no more tokens come, or the next is no text. */
  end(): TextPiece;
}

/**
 * Withholds text for as long as it may be the beginning of a stop string.
 *
 * The stop string that is complete first wins, and the longest of those that end together, so that the text does
 * not depend on where the tokens' borders fall.
 *
 * Units   firstCharacter: Unicode characters that stand before the text
 */
export function createTextStream(
  decoder: TokenDecoder,
  stop: readonly string[],
  firstCharacter = 0,
): TextStream {
  const stops = stop.filter((text) => text !== '');
  const longest = stops.reduce((most, { length }) => Math.max(most, length), 0);
  let held = '';
  let heldTokens: { readonly token: TokenLogprob; at: number }[] = []; // at: where in `held` its text begins
  let characters = firstCharacter;

  const take = (text: string): TextPiece => {
    held += text;
    characters += countCharacters(text);
    const cut = firstStop(held, stops);
    const send = cut ?? held.length - heldBack(held);
    const piece = { text: held.slice(0, send), tokens: release(send), stopped: cut !== undefined };
    held = cut === undefined ? held.slice(send) : '';
    return piece;
  };

  /** Lets go of the tokens that begin before `end` of what is held. */
  const release = (end: number): TokenLogprob[] => {
    const released = heldTokens.filter(({ at }) => at < end);
    heldTokens = heldTokens.slice(released.length);
    for (const waiting of heldTokens) waiting.at -= end;
    return released.map(({ token }) => token);
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
    push(id, logprobs) {
      if (logprobs) heldTokens.push({ token: { ...logprobs, start: characters }, at: held.length });
      return take(decoder.push(id));
    },
    end() {
      const { text, tokens, stopped } = take(decoder.end());
      if (stopped) return { text, tokens, stopped };
      const rest = { text: text + held, tokens: [...tokens, ...release(Infinity)], stopped };
      held = '';
      return rest;
    },
  };
}

/** Unicode characters, not UTF-16 units. */
export function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
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
