import { describe, expect, test } from 'vitest';
import { type Condition, drawOf, orderOf } from '../../../app/gateway/order.ts';

const route = {
  model: 'm',
  to: [
    { backend: 'stable', weight: 90 },
    { backend: 'next', weight: 10 },
    { backend: 'spare', weight: 0 },
  ],
  overflow: ['far'],
  contextLength: 1,
  licence: '',
};
const order = (conditions: Readonly<Record<string, Condition>>, draw = 0) =>
  orderOf(route, (name) => conditions[name] ?? 'ready', draw).backends;

describe('orderOf()', () => {
  test.each([
    { draw: 0, first: 'stable' },
    { draw: 0.899, first: 'stable' },
    { draw: 0.901, first: 'next' },
    { draw: 0.999999, first: 'next' },
  ])('draw $draw goes to $first', ({ draw, first }) => {
    expect(order({}, draw)[0]).toBe(first);
  });

  test('then the others by weight, then the overflow', () => {
    expect(order({}, 0.95)).toEqual(['next', 'stable', 'spare', 'far']);
  });

  test('who is ready comes before who is cold, and that before who is busy', () => {
    expect(order({ stable: 'cold', next: 'busy', spare: 'down' })).toEqual(['far', 'stable', 'next']);
    expect(order({ stable: 'cold', next: 'cold', spare: 'cold', far: 'cold' })[0]).toBe('stable');
  });

  test('who is down is not asked', () => {
    expect(order({ stable: 'down', next: 'down', spare: 'down', far: 'down' })).toEqual([]);
  });

  test('remembers who was meant', () => {
    expect(orderOf(route, () => 'cold', 0.95).chosen).toBe('next');
  });
});

test('drawOf() is the same for the same key, and spreads keys that differ in a letter evenly', () => {
  expect(drawOf('anna')).toBe(drawOf('anna'));
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) tenths[Math.floor(drawOf(`user-${i}`) * 10)]!++;
  for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(120); // 4 standard deviations
});
