import type { Tokenizer } from '../../models/tokenizer/tokenizer.ts';

/**
 * The bytes of a vocabulary as a tree, its nodes in the order of a walk: a parent before its children, and all that is
 * below a node right after it. Llama 3's 128,256 tokens make 4.1 MB.
 */
export interface TokenTrie {
  readonly vocabSize: number;
  /** Of each node: its byte. */
  readonly byte: Uint8Array;
  /** Its depth; children of the root have 0. */
  readonly depth: Uint16Array;
  /** The node after all that are below it. */
  readonly skip: Int32Array;
  /** The token that ends here, or -1. */
  readonly token: Int32Array;
  /** Of each token: the next one of the same bytes, or -1. */
  readonly twin: ReadonlyMap<number, number>;
  /** Of each node: whether its byte and all below it are among `PLAIN_BYTES`. */
  readonly isPlain: Uint8Array;
  /** Of each node: the most bytes of a token that ends there or below. */
  readonly longest: Uint16Array;
  readonly deepest: number;
  /** Tokens by their bytes, those with the most first, and how many have more than so many bytes. */
  readonly longestFirst: Uint32Array;
  longerThan(bytes: number): number;
}

/** What most text is made of, and can stand in a string as it is: ASCII's characters but `"` and the backslash. */
export const PLAIN_BYTES: readonly number[] = Array.from({ length: 0x7f - 0x20 }, (_, i) => 0x20 + i).filter(
  (byte) => byte !== 0x22 && byte !== 0x5c,
);

/** Of the tokens that text is made of: none that is special, and none without bytes. */
export function createTokenTrie(tokenizer: Pick<Tokenizer, 'vocabSize' | 'isSpecial' | 'bytes'>): TokenTrie {
  const { vocabSize } = tokenizer;
  const spelt: { readonly id: number; readonly bytes: Uint8Array }[] = [];
  for (let id = 0; id < vocabSize; id++) {
    const bytes = tokenizer.isSpecial(id) ? undefined : tokenizer.bytes(id);
    if (bytes && bytes.length > 0) spelt.push({ id, bytes });
  }
  spelt.sort((a, b) => compare(a.bytes, b.bytes));

  const nodes = { byte: [] as number[], depth: [] as number[], token: [] as number[] };
  const twin = new Map<number, number>();
  let before = new Uint8Array(0);
  for (const { id, bytes } of spelt) {
    const common = commonLength(before, bytes);
    if (common === bytes.length && common === before.length) {
      twin.set(id, nodes.token.at(-1)!);
      nodes.token[nodes.token.length - 1] = id;
    }
    for (let i = common; i < bytes.length; i++) {
      nodes.byte.push(bytes[i]!);
      nodes.depth.push(i);
      nodes.token.push(i === bytes.length - 1 ? id : -1);
    }
    before = bytes as Uint8Array<ArrayBuffer>;
  }

  const depth = Uint16Array.from(nodes.depth);
  const byte = Uint8Array.from(nodes.byte);
  const skip = skips(depth);
  const deepest = depth.reduce((most, d) => Math.max(most, d), 0);
  spelt.sort((a, b) => b.bytes.length - a.bytes.length);
  const longer = new Uint32Array(deepest + 2); // by bytes
  for (const { bytes } of spelt) for (let i = 0; i < bytes.length; i++) longer[i]!++;
  return {
    vocabSize,
    byte,
    depth,
    skip,
    token: Int32Array.from(nodes.token),
    twin,
    isPlain: plainBelow(byte, skip),
    longest: longestBelow(depth, skip),
    deepest,
    longestFirst: Uint32Array.from(spelt, ({ id }) => id),
    longerThan: (bytes) => longer[bytes] ?? 0,
  };
}

function skips(depth: Uint16Array): Int32Array {
  const skip = new Int32Array(depth.length);
  const open: number[] = [];
  for (let node = 0; node <= depth.length; node++) {
    const level = node < depth.length ? depth[node]! : -1;
    while (open.length > 0 && depth[open.at(-1)!]! >= level) skip[open.pop()!] = node;
    open.push(node);
  }
  return skip;
}

/** From the last node to the first: what is below one comes after it. */
function plainBelow(byte: Uint8Array, skip: Int32Array): Uint8Array {
  const isPlain = new Uint8Array(byte.length);
  const plain = new Set(PLAIN_BYTES);
  for (let node = byte.length - 1; node >= 0; node--) {
    let child = node + 1;
    while (child < skip[node]! && isPlain[child]) child = skip[child]!;
    isPlain[node] = child === skip[node] && plain.has(byte[node]!) ? 1 : 0;
  }
  return isPlain;
}

function longestBelow(depth: Uint16Array, skip: Int32Array): Uint16Array {
  const longest = new Uint16Array(depth.length);
  for (let node = depth.length - 1; node >= 0; node--) {
    let most = depth[node]! + 1;
    for (let child = node + 1; child < skip[node]!; child = skip[child]!)
      most = Math.max(most, longest[child]!);
    longest[node] = most;
  }
  return longest;
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const common = commonLength(a, b);
  return (a[common] ?? -1) - (b[common] ?? -1);
}

function commonLength(a: Uint8Array, b: Uint8Array): number {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return i;
}
