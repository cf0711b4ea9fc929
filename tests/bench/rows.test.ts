import { expect, test } from 'vitest';
import { BATCHES, selectRows } from '../../bench/rows.ts';

const names = (pattern: string) =>
  selectRows(BATCHES, pattern)
    .flat()
    .map(({ name }) => name);

test('rows are named task/model/type/place, or task/no-model/place, once each', () => {
  const all = names('');
  expect(new Set(all).size).toBe(all.length);
  for (const name of all)
    expect(name).toMatch(/^[a-z0-9-]+\/((llama-3\.2-1b|smollm2-135m)\/q[48]_[01k]|no-model)\/[a-z0-9-]+$/);
});

test('selectRows takes a part of a name, or a pattern with stars', () => {
  expect(names('smollm2')).toContain('prefill-128/smollm2-135m/q4_1/workerd');
  expect(names('smollm2').every((name) => name.includes('smollm2'))).toBe(true);
  expect(names('decode/*q4*/node')).toEqual([
    'decode/llama-3.2-1b/q4_0/node',
    'decode/llama-3.2-1b/q4_k/node',
    'decode/smollm2-135m/q4_1/node',
  ]);
  expect(names('no such row')).toEqual([]);
});
