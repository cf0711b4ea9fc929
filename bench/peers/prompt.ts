/** Tokens in the cache before the first that `decode` times, unless a question says otherwise. */
export const DECODE_PROMPT = 16;

/** Ids spread over the vocabulary, so that rows of the embedding are not all in the processor's cache. */
export function benchPrompt(length: number, vocab: number): number[] {
  return Array.from({ length }, (_, i) => (1000 + 37 * i) % vocab);
}
