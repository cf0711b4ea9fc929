import { expect, test } from 'vitest';
import { dayOf, fromFields, isPast, toDate, toLocalField, wordDue } from '../../web/assistant/dates.ts';

const NOW = new Date(2026, 10, 25, 15, 30); // a Wednesday, here
const at = (...of: readonly [number, number, number, number, number]) => new Date(...of).toISOString();

test.each([
  { due: '2026-11-24', words: 'yesterday', past: true },
  { due: '2026-11-25', words: 'today', past: false }, // until it has ended
  { due: '2026-11-26', words: 'tomorrow', past: false },
  { due: '2026-12-24', words: 'Thu 24 Dec', past: false },
  { due: at(2026, 10, 25, 15, 29), words: 'today, 15:29', past: true },
  { due: at(2026, 10, 26, 9, 5), words: 'tomorrow, 09:05', past: false },
  { due: 'some day', words: 'some day', past: false },
])('wordDue() of $due is $words', ({ due, words, past }) => {
  expect(wordDue(due, NOW)).toBe(words);
  expect(isPast(due, NOW)).toBe(past);
});

test('days and moments go into fields and come back', () => {
  expect(fromFields('2026-11-26', '')).toBe('2026-11-26');
  const moment = fromFields('2026-11-26', '09:05');
  expect(moment).toBe(at(2026, 10, 26, 9, 5));
  expect(toLocalField(moment)).toBe('2026-11-26T09:05');
  expect(dayOf(toDate('2026-11-26')!)).toBe('2026-11-26');
  expect(toLocalField('never')).toBe('');
});
