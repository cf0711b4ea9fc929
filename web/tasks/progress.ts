import type { TaskPart } from './run-task.ts';

type Progress = Extract<TaskPart, { type: 'progress' }>;

/** What the server is at, for the line above the text. */
export function wordProgress({ stage, done, total }: Progress): string {
  if (stage === 'read') return 'Reading the text';
  if (stage === 'map') return `Read ${done} of ${total} parts`;
  if (stage === 'reduce') return 'Putting the parts together';
  return total > 1 ? `Wrote ${done} of ${total} parts` : 'Writing';
}

/** `8.4 s`, `2 min 5 s`. */
export function wordDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** `1 word`, `1,204 words`. */
export function wordCount(count: number, one: string): string {
  return `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`;
}
