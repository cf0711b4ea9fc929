/** The results of `work` on each item, in their order, with up to `atOnce` under way; the first failure ends it. */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void> {
  const underWay: Promise<Result>[] = [];
  const begin = (item: Item) => {
    const promise = work(item);
    promise.catch(() => {}); // told when it is its turn
    underWay.push(promise);
  };
  for (const item of items) {
    if (underWay.length === atOnce) yield await underWay.shift()!;
    begin(item);
  }
  while (underWay.length > 0) yield await underWay.shift()!;
}
