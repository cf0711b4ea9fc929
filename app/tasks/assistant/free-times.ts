export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** What is left of a span, in order, in pieces of at least `leastMs`. */
export function freeTimes(busy: readonly Span[], { startMs, endMs }: Span, leastMs: number): Span[] {
  const free: Span[] = [];
  let from = startMs;
  const leave = (until: number) => {
    if (until - from >= leastMs) free.push({ startMs: from, endMs: until });
  };
  for (const one of busy.toSorted((a, b) => a.startMs - b.startMs)) {
    if (one.startMs >= endMs) break;
    leave(one.startMs);
    from = Math.max(from, one.endMs);
  }
  leave(endMs);
  return free;
}
