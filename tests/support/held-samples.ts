import type { Matcher } from '../../engine/grammar/grammar.ts';
import type { SpeltTokens } from './byte-vocabulary.ts';
import { uniform } from './numbers.ts';

/** Draws a token for a matcher; the same ones for the same seed. */
export type Pick = (matcher: Matcher) => number;

const TRIES = 40;

/** How much a token is liked: those that close, end or say little, so that what is drawn comes to its end. */
function liking(bytes: Uint8Array): number {
  const text = String.fromCharCode(...bytes);
  if (/["}\]]/.test(text)) return 60 / bytes.length;
  return bytes.every((byte) => byte >= 0x20 && byte < 0x7f) ? 1 / bytes.length : 0.05;
}

/** Picks among what a matcher allows, at random but for `liking`. */
export function randomPick(vocabulary: SpeltTokens, seed: number): Pick {
  const random = uniform(seed);
  const { vocabSize, stopIds } = vocabulary;
  const weights = Float64Array.from({ length: vocabSize }, (_, id) =>
    stopIds.has(id) ? 40 : vocabulary.isSpecial(id) ? 1 : liking(vocabulary.bytes(id)),
  );
  const sums = new Float64Array(vocabSize);
  weights.reduce((sum, weight, id) => (sums[id] = sum + weight), 0);
  const mask = new Uint32Array(Math.ceil(vocabSize / 32));

  return (matcher) => {
    for (let i = 0; i < TRIES; i++) {
      const id = below(sums, random() * sums.at(-1)!);
      if (matcher.accepts(id)) return id;
    }
    mask.fill(0);
    matcher.mask(mask);
    let [chosen, best] = [-1, -Infinity];
    for (const id of idsIn(mask)) {
      const score = Math.log(weights[id]!) - Math.log(-Math.log(random())); // Gumbel's: the largest is a fair draw
      if (score > best) [chosen, best] = [id, score];
    }
    if (chosen < 0) throw new Error('nothing may come next');
    return chosen;
  };
}

function* idsIn(mask: Uint32Array): Generator<number> {
  for (let word = 0; word < mask.length; word++)
    for (let bits = mask[word]!; bits !== 0; bits &= bits - 1)
      yield 32 * word + 31 - Math.clz32(bits & -bits);
}

/** The first place where the sums are more than `wanted`. */
function below(sums: Float64Array, wanted: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Writes a reply; `isWhole` when it came to its end before the limit. */
export function write(matcher: Matcher, vocabulary: SpeltTokens, pick: Pick, maxTokens: number) {
  const bytes: number[] = [];
  for (let i = 0; i < maxTokens && !matcher.isFinished; i++) {
    const id = pick(matcher);
    if (vocabulary.stopIds.has(id)) return { bytes: Uint8Array.from(bytes), isWhole: matcher.isComplete };
    matcher.push(id);
    bytes.push(...vocabulary.bytes(id));
  }
  return { bytes: Uint8Array.from(bytes), isWhole: matcher.isFinished };
}
