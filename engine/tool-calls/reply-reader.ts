/** A read that waits for more of the reply by yielding. */
export type Reading<T> = Generator<void, T, void>;

/**
 * A reply as it is written, read character by character. What was read may be gone back to, up to `held`; no more than
 * `MAX_HELD` characters are kept that way, and past those a reader is told that there is nothing more.
 */
export interface ReplyReader {
  /** In UTF-16 units since the reply began. */
  readonly position: number;
  /** The oldest position that may be gone back to. */
  readonly held: number;
  /** Nothing is left, and nothing will come. */
  readonly isAtEnd: boolean;

  feed(text: string): void;
  end(): void;

  /** The next character; '' when there is none. */
  peek(): Reading<string>;
  /** Takes the character that was peeked at. */
  advance(): void;
  /** Takes what is there already and matches; `pattern` is sticky, and may match nothing. */
  takeRun(pattern: RegExp): string;
  /** Takes white space. */
  space(): Reading<void>;
  /** Takes `text`; false, with a part of it taken, when something else comes. */
  word(text: string): Reading<boolean>;

  goTo(position: number): void;
  /** Lets go of all before the position. */
  release(): void;
  /** What was read since `position`. */
  since(position: number): string;
}

const MAX_HELD = 16_384;
const SPACE = /\s/;
const HIGH_SURROGATE = /[\ud800-\udbff]$/;

export function createReplyReader(): ReplyReader {
  let text = '';
  let half = ''; // of a surrogate pair
  let base = 0; // position of the first of `text`
  let position = 0;
  let held = 0;
  let hasEnded = false;

  const room = () => Math.max(0, held + MAX_HELD - position);
  const isEmpty = () => position === base + text.length;

  const reader: ReplyReader = {
    get position() {
      return position;
    },
    get held() {
      return held;
    },
    get isAtEnd() {
      return hasEnded && isEmpty();
    },

    feed(more) {
      const whole = half + more;
      half = HIGH_SURROGATE.exec(whole)?.[0] ?? '';
      text = text.slice(held - base) + whole.slice(0, whole.length - half.length);
      base = held;
    },
    end() {
      text += half;
      half = '';
      hasEnded = true;
    },

    *peek() {
      while (room() > 0) {
        if (!isEmpty()) return text[position - base]!;
        if (hasEnded) return '';
        yield;
      }
      return '';
    },
    advance() {
      position++;
    },
    takeRun(pattern) {
      pattern.lastIndex = position - base;
      const run = (pattern.exec(text)?.[0] ?? '').slice(0, room());
      position += run.length;
      return run;
    },
    *space() {
      while (SPACE.test(yield* reader.peek())) position++;
    },
    *word(wanted) {
      for (const character of wanted) {
        if ((yield* reader.peek()) !== character) return false;
        position++;
      }
      return true;
    },

    goTo(earlier) {
      position = earlier;
    },
    release() {
      held = position;
    },
    since: (earlier) => text.slice(earlier - base, position - base),
  };
  return reader;
}
