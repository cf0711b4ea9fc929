import { ContextLengthError } from '../engine/errors.ts';

/**
 * Starts with as many of the newest as fit: drops the oldest, twice as many each time, and always keeps the last.
 *
 * Throws   what `start` throws, ContextLengthError when even the last alone is too long
 */
export async function startTruncated<T, Turn>(
  turns: readonly Turn[],
  start: (turns: readonly Turn[]) => Promise<T>,
): Promise<T> {
  for (let dropped = 0, step = 1; ; step *= 2) {
    try {
      return await start(turns.slice(dropped));
    } catch (error) {
      if (!(error instanceof ContextLengthError) || dropped >= turns.length - 1) throw error;
      dropped = Math.min(dropped + step, turns.length - 1);
    }
  }
}
