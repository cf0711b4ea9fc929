/** Pieces of files, brought to whoever asked: one pass over each file, in its own order. */
import { FormatError } from '../errors.ts';
import type { ByteSource } from '../source.ts';

/** Takes a piece as it comes, in chunks. */
export interface Receiver {
  push(bytes: Uint8Array): void;
  end(): void | Promise<void>;
}

export interface Delivery {
  readonly source: ByteSource;
  readonly name: string; // for messages
  readonly offset: number;
  readonly bytes: number;
  /** Called when the first byte is due. */
  readonly begin: () => Receiver;
}

/**
 * Streams each file once, from its first byte to its last, so that a source may check all of it. Pieces do not overlap.
 * `onProgress` hears bytes delivered of bytes in all.
 *
 * Throws   FormatError when a file ends early; what its source throws
 */
export async function deliver(
  deliveries: readonly Delivery[],
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const total = deliveries.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const source of new Set(deliveries.map((delivery) => delivery.source))) {
    const order = deliveries.filter((delivery) => delivery.source === source);
    order.sort((a, b) => a.offset - b.offset);
    await deliverFrom(source, order, ({ bytes, begin }) => {
      onProgress(done, total);
      done += bytes;
      return begin();
    });
  }
  onProgress(total, total);
}

/** Gaps between pieces are read over, not sought: one request does it all. */
async function deliverFrom(
  source: ByteSource,
  order: readonly Delivery[],
  begin: (delivery: Delivery) => Receiver,
): Promise<void> {
  let at = 0; // where in the file the stream stands
  let next = 0;
  let receiver = begin(order[0]!);
  for await (const chunk of source.stream(0, source.size)) {
    for (let used = 0; used < chunk.length && next < order.length; ) {
      const { offset, bytes } = order[next]!;
      const skip = Math.max(0, offset - (at + used));
      if (skip >= chunk.length - used) break;
      used += skip;
      const left = offset + bytes - (at + used);
      const take = Math.min(left, chunk.length - used);
      receiver.push(chunk.subarray(used, used + take));
      used += take;
      if (take === left) {
        await receiver.end();
        const following = order[++next];
        if (following !== undefined) receiver = begin(following);
      }
    }
    at += chunk.length;
  }
  if (next < order.length) throw new FormatError(source.name, at, `ends inside '${order[next]!.name}'`);
}
