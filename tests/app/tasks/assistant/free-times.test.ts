import { expect, test } from 'vitest';
import { freeTimes } from '../../../../app/tasks/assistant/free-times.ts';

const span = ([startMs, endMs]: readonly [number, number]) => ({ startMs, endMs });

test.each([
  ['nothing planned', [], [[0, 100]]],
  [
    'an event amid',
    [[40, 60]],
    [
      [0, 40],
      [60, 100],
    ],
  ],
  [
    'events that overlap',
    [
      [40, 60],
      [10, 50],
      [45, 46],
    ],
    [
      [0, 10],
      [60, 100],
    ],
  ],
  [
    'events across both ends',
    [
      [-50, 20],
      [90, 500],
    ],
    [[20, 90]],
  ],
  [
    'events elsewhere',
    [
      [-50, 0],
      [100, 200],
      [300, 400],
    ],
    [[0, 100]],
  ],
  [
    'gaps too short',
    [
      [5, 50],
      [55, 95],
    ],
    [],
  ],
  ['a gap just long enough', [[10, 100]], [[0, 10]]],
  ['one event over all', [[-1, 101]], []],
] as [string, [number, number][], [number, number][]][])('%s', (_, busy, free) => {
  expect(freeTimes(busy.map(span), span([0, 100]), 10)).toEqual(free.map(span));
});
