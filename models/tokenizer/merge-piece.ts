import { type MergeTable, NO_MERGE } from './merge-table.ts';

const NONE = -1;
const RANK_UNIT = 2 ** 32; // a heap key is rank · 2^32 + position: lowest rank first, then leftmost
const KEPT_LENGTH = 1024; // symbols; scratch for a longer piece is not kept

/**
 * Merges neighbours until none merge, always the lowest rank and, of equals, the leftmost.
 *
 * A linked list of symbols and a heap of candidates: n log n, so that a hostile run of 400,000 letters is
 * half a second and not an hour. A candidate whose pair has changed since is stale, and is skipped when met.
 */
export class PieceMerger {
  readonly #merges: MergeTable;
  readonly #scratch = allocate(KEPT_LENGTH);

  constructor(merges: MergeTable) {
    this.#merges = merges;
  }

  /** Merges `symbols[0..count)` in place; returns how many are left, at the front. */
  merge(symbols: Int32Array, count: number): number {
    const { prev, next, rank, heap } = count <= KEPT_LENGTH ? this.#scratch : allocate(count);
    const merges = this.#merges;
    let size = 0;

    for (let i = 0; i < count; i++) {
      prev[i] = i - 1;
      next[i] = i + 1 < count ? i + 1 : NONE;
      rank[i] = i + 1 < count ? merges.rank(symbols[i]!, symbols[i + 1]!) : NO_MERGE;
      if (rank[i] !== NO_MERGE) size = push(heap, size, rank[i]! * RANK_UNIT + i);
    }

    while (size > 0) {
      const key = heap[0]!;
      size = pop(heap, size);
      const best = Math.floor(key / RANK_UNIT);
      const at = key - best * RANK_UNIT;
      if (rank[at] !== best) continue; // stale

      const gone = next[at]!;
      symbols[at] = merges.merged(best);
      rank[gone] = NO_MERGE;
      const after = next[gone]!;
      next[at] = after;
      if (after !== NONE) prev[after] = at;

      rank[at] = after === NONE ? NO_MERGE : merges.rank(symbols[at]!, symbols[after]!);
      if (rank[at] !== NO_MERGE) size = push(heap, size, rank[at]! * RANK_UNIT + at);
      const before = prev[at]!;
      if (before === NONE) continue;
      rank[before] = merges.rank(symbols[before]!, symbols[at]!);
      if (rank[before] !== NO_MERGE) size = push(heap, size, rank[before]! * RANK_UNIT + before);
    }

    let left = 0;
    for (let i = count > 0 ? 0 : NONE; i !== NONE; i = next[i]!) symbols[left++] = symbols[i]!;
    return left;
  }
}

function allocate(count: number) {
  return {
    prev: new Int32Array(count),
    next: new Int32Array(count),
    rank: new Int32Array(count), // of the pair that starts here
    heap: new Float64Array(3 * count), // one a symbol at first, at most two a merge
  };
}

function push(heap: Float64Array, size: number, key: number): number {
  let i = size;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (heap[parent]! <= key) break;
    heap[i] = heap[parent]!;
    i = parent;
  }
  heap[i] = key;
  return size + 1;
}

/** Removes the smallest key. */
function pop(heap: Float64Array, size: number): number {
  const last = size - 1;
  const key = heap[last]!;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= last) break;
    if (child + 1 < last && heap[child + 1]! < heap[child]!) child++;
    if (heap[child]! >= key) break;
    heap[i] = heap[child]!;
    i = child;
  }
  heap[i] = key;
  return last;
}
