import { wordCount } from './progress.ts';
import type { Piece } from './word-diff.ts';

const WORD = /\S*[\p{L}\p{N}]\S*/gu;
const TAGS = { same: 'span', removed: 'del', added: 'ins' } as const;

/** The pieces as `del` and `ins`: struck out and underlined, and named to screen readers by diff.css. */
export function diffNodes(pieces: readonly Piece[]): DocumentFragment {
  const fragment = document.createDocumentFragment();
  for (const { type, text } of pieces) {
    const node = document.createElement(TAGS[type]);
    node.textContent = text;
    fragment.append(node);
  }
  return fragment;
}

/** `3 words added, 1 word removed`. */
export function wordChanges(pieces: readonly Piece[]): string {
  const words = (of: Piece['type']) =>
    pieces
      .filter(({ type }) => type === of)
      .reduce((sum, { text }) => sum + (text.match(WORD)?.length ?? 0), 0);
  const [added, removed] = [words('added'), words('removed')];
  if (added + removed === 0)
    return pieces.every(({ type }) => type === 'same') ? 'nothing changed' : 'only signs or spaces changed';
  return `${wordCount(added, 'word')} added, ${wordCount(removed, 'word')} removed`;
}
