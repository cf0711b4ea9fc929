import { diffArrays } from 'diff';

/** A stretch of one of two texts, or of both. */
export interface Piece {
  readonly type: 'same' | 'removed' | 'added';
  readonly text: string;
}

const TIMEOUT_MS = 250; // two long texts with nothing in common would take minutes

const GAP = /^[^\S\r\n]+$/;

/** A line's end, a gap, a letter of a script that writes no gaps, a word, or one other sign. */
const TOKEN =
  /\r?\n|[^\S\r\n]+|[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]|[\p{L}\p{M}\p{N}_]+(?:['’-][\p{L}\p{N}]+)*|./gsu;

/**
 * What changed from one text to the other, word by word. The pieces that are not `added` make `before`, those that are
 * not `removed` make `after`, to the last space. Undefined when they have too little in common to say it in time.
 */
export function wordDiff(before: string, after: string): Piece[] | undefined {
  const changes = diffArrays(before.match(TOKEN) ?? [], after.match(TOKEN) ?? [], { timeout: TIMEOUT_MS });
  return (
    changes &&
    gather(
      changes.map(({ added, removed, value }) => ({
        type: added ? 'added' : removed ? 'removed' : 'same',
        text: value.join(''),
      })),
    )
  );
}

/**
 * One removal and one addition for each stretch of changes: a gap alone between two of them is part of both, and a gap
 * at the end of both is part of neither.
 */
function gather(pieces: readonly Piece[]): Piece[] {
  const all: Piece[] = [];
  let removed = '';
  let added = '';
  const put = (type: Piece['type'], text: string) => {
    if (text !== '') all.push({ type, text });
  };
  const flush = () => {
    const gap = /\s$/.exec(removed)?.[0] ?? '';
    const shared = gap !== '' && added.endsWith(gap) ? gap : '';
    put('removed', removed.slice(0, removed.length - shared.length));
    put('added', added.slice(0, added.length - shared.length));
    put('same', shared);
    removed = '';
    added = '';
  };

  pieces.forEach(({ type, text }, index) => {
    const between = removed !== '' && added !== '' && index < pieces.length - 1 && GAP.test(text);
    if (type === 'same' && !between) {
      flush();
      put('same', text);
      return;
    }
    if (type !== 'added') removed += text;
    if (type !== 'removed') added += text;
  });
  flush();
  return all;
}
