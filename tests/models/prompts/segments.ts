import type { Segment } from '../../../models/tokenizer/segment.ts';

/** A prompt as the text that a template would have rendered. */
export function wording(segments: readonly Segment[]): string {
  return segments.map((segment) => ('control' in segment ? segment.control : segment.text)).join('');
}

export function controls(segments: readonly Segment[]): string[] {
  return segments.flatMap((segment) => ('control' in segment ? [segment.control] : []));
}
