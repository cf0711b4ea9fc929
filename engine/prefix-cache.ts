/**
 * Keys and values of what was read and said before, so that a conversation's next turn reads only what is new.
 *
 * What is kept is a copy, no longer than what it holds, and never changes: any number of sequences may begin from it.
 * Copying a position is a thousand times cheaper than computing it.
 */
import { DeviceError } from '../kernels/errors.ts';
import type { Llama, SequenceCache } from '../models/llama/model.ts';

/** Tokens, and the cache that holds them, position by position. */
export interface Prefix {
  readonly ids: Uint32Array;
  readonly cache: SequenceCache;
}

export interface PrefixCache {
  /**
   * A cache with room for `positions`, filled with as much of `prompt` as a kept cache or one of `live` begins with;
   * its length says how much. The last token is always left to compute, since only that gives logits. Kept caches
   * give way when memory is short.
   *
   * Throws   DeviceError when there is no room, and none is kept that could give way
   */
  newCache(prompt: Uint32Array, positions: number, live: readonly Prefix[]): SequenceCache;
  /** Whether more of `prompt` will be found once those of `live` have computed all of `reading`, their prompts. */
  isWorthWaiting(prompt: Uint32Array, live: readonly Prefix[], reading: readonly Uint32Array[]): boolean;
  /** Copies what is worth keeping. The cache stays its owner's. */
  keep(prefix: Prefix): void;
}

interface Donor {
  readonly prefix: Prefix;
  readonly length: number;
}

const CACHE_STEP = 256; // positions: caches of few sizes leave fewer holes in the device's memory
const SHORTEST = 16; // tokens: less, such as a bos alone, is common to strangers and saves nothing

/** Units   `maxBytes` of the device, over all that is kept; 0 keeps and finds nothing */
export function createPrefixCache(llama: Llama, maxBytes: number): PrefixCache {
  let kept: Prefix[] = []; // least recently used first

  function newCache(prompt: Uint32Array, positions: number, live: readonly Prefix[]): SequenceCache {
    for (;;) {
      const donor = find(prompt, live);
      try {
        const cache = llama.newCache(Math.min(roundUp(positions), llama.contextLength));
        if (donor) llama.copyCache(cache, donor.prefix.cache, donor.length);
        return cache;
      } catch (error) {
        if (!(error instanceof DeviceError) || kept.length === 0) throw error;
        drop(kept[0]!);
      }
    }
  }

  /** The one that has most of `prompt` in common, its last token left out. */
  function longest(prompt: Uint32Array, live: readonly Prefix[]): Donor | undefined {
    let best: Donor | undefined;
    for (const prefix of [...live, ...kept]) {
      const length = common(prompt.subarray(0, -1), prefix.ids);
      if (length >= SHORTEST && length > (best?.length ?? 0)) best = { prefix, length };
    }
    return best;
  }

  /** As `longest`; it is the most recently used then. */
  function find(prompt: Uint32Array, live: readonly Prefix[]): Donor | undefined {
    const donor = maxBytes > 0 ? longest(prompt, live) : undefined;
    if (donor) touch(donor.prefix);
    return donor;
  }

  function isWorthWaiting(
    prompt: Uint32Array,
    live: readonly Prefix[],
    reading: readonly Uint32Array[],
  ): boolean {
    if (maxBytes === 0) return false;
    const later = reading.reduce((most, ids) => Math.max(most, common(prompt.subarray(0, -1), ids)), 0);
    return later >= SHORTEST && later > (longest(prompt, live)?.length ?? 0);
  }

  function keep({ ids, cache }: Prefix): void {
    const positionBytes = cache.kv.bytes / cache.kv.capacity;
    const most = Math.floor(maxBytes / positionBytes);
    const wanted = ids.subarray(0, most);
    if (wanted.length < SHORTEST) return;

    const same = kept.find((other) => common(other.ids, wanted) === wanted.length);
    if (same) {
      touch(same);
      return;
    }
    for (const other of kept) if (common(other.ids, wanted) === other.ids.length) drop(other); // this one has it all

    const capacity = Math.min(roundUp(wanted.length), most);
    while (keptBytes() + capacity * positionBytes > maxBytes) drop(kept[0]!);
    try {
      const copy = llama.newCache(capacity);
      llama.copyCache(copy, cache, wanted.length);
      kept.push({ ids: wanted, cache: copy });
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error; // memory is short: nothing is kept
    }
  }

  const keptBytes = () => kept.reduce((sum, { cache }) => sum + cache.kv.bytes, 0);

  function touch(prefix: Prefix): void {
    if (kept.includes(prefix)) kept = [...kept.filter((other) => other !== prefix), prefix];
  }

  function drop(prefix: Prefix): void {
    kept = kept.filter((other) => other !== prefix);
    llama.freeCache(prefix.cache);
  }

  return { newCache, isWorthWaiting, keep };
}

const roundUp = (positions: number) => Math.ceil(positions / CACHE_STEP) * CACHE_STEP;

/** How many tokens both begin with. */
function common(a: Uint32Array, b: Uint32Array): number {
  const most = Math.min(a.length, b.length);
  for (let i = 0; i < most; i++) if (a[i] !== b[i]) return i;
  return most;
}
