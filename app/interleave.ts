/** An item, and which of the sources it came from. */
export interface Interleaved<T> {
  readonly index: number;
  readonly item: T;
}

/**
 * The items of several sources as they come. Each source is asked for one item ahead and no more; one that is always
 * ready does not hold back the others. When one fails, or the reader leaves, all are left.
 */
export async function* interleave<T>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<Interleaved<T>> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  const ask = async (index: number) => ({ index, result: await iterators[index]!.next() });
  const asked = new Map<number, ReturnType<typeof ask>>(); // the one served last is at the end

  try {
    for (const index of sources.keys()) asked.set(index, ask(index));
    while (asked.size > 0) {
      const { index, result } = await Promise.race(asked.values());
      asked.delete(index);
      if (result.done) continue;
      yield { index, item: result.value };
      asked.set(index, ask(index));
    }
  } finally {
    await Promise.allSettled([...iterators.map((iterator) => iterator.return?.()), ...asked.values()]);
  }
}
