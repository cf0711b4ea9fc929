import type { GuardTurn } from '../../models/prompts/guard3.ts';

export interface WindowOptions {
  /** Tokens that one window's turns may have. */
  readonly room: number;
  /** Tokens that a turn's text takes, with its role. */
  readonly count: (role: GuardTurn['role'], text: string) => number;
}

interface Piece {
  readonly role: GuardTurn['role'];
  readonly text: string;
  readonly tokens: number;
}

const WORD = 64; // characters to look for a space in, beside the middle

/**
 * The conversation in windows that fit, nothing left out: as it is when it fits, else in pieces of at most half a window,
 * each window but the first beginning with the last piece of the one before. What is shorter than a piece is whole in a
 * window, or its two halves follow each other there.
 */
export function toWindows(turns: readonly GuardTurn[], { room, count }: WindowOptions): GuardTurn[][] {
  const whole = turns.flatMap(({ role, texts }) =>
    texts.map((text): Piece => ({ role, text, tokens: count(role, text) })),
  );
  if (total(whole) <= room) return [[...turns]];

  const pieces = whole.flatMap((piece) => inPieces(piece, Math.floor(room / 2), count));
  const windows: GuardTurn[][] = [];
  for (let start = 0; ; ) {
    let end = start;
    for (let left = room; end < pieces.length && pieces[end]!.tokens <= left; end++)
      left -= pieces[end]!.tokens;
    windows.push(toTurns(pieces.slice(start, end)));
    if (end === pieces.length) return windows;
    start = end - 1; // at least two have fitted
  }
}

function inPieces(piece: Piece, most: number, count: WindowOptions['count']): Piece[] {
  const { role, text, tokens } = piece;
  const at = middle(text);
  if (tokens <= most || at === 0) return [piece];
  return [text.slice(0, at), text.slice(at)].flatMap((half) =>
    inPieces({ role, text: half, tokens: count(role, half) }, most, count),
  );
}

/** Where to cut: at a space if one is near, never inside a character; 0 when there is no place. */
function middle(text: string): number {
  const half = text.length >> 1;
  for (let away = 0; away < Math.min(WORD, half); away++)
    for (const at of [half - away, half + away]) if (text[at] === ' ' || text[at] === '\n') return at;
  const isInside = /[\udc00-\udfff]/.test(text[half] ?? '') && /[\ud800-\udbff]/.test(text[half - 1] ?? '');
  return isInside ? half - 1 : half;
}

function toTurns(pieces: readonly Piece[]): GuardTurn[] {
  const turns: { role: GuardTurn['role']; texts: string[] }[] = [];
  for (const { role, text } of pieces) {
    const last = turns.at(-1);
    if (last?.role === role) last.texts.push(text);
    else turns.push({ role, texts: [text] });
  }
  return turns;
}

const total = (pieces: readonly Piece[]) => pieces.reduce((sum, { tokens }) => sum + tokens, 0);
