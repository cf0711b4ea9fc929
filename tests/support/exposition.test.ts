import { describe, expect, test } from 'vitest';
import { readExposition } from './exposition.ts';

const head = (name: string, type: string) => `# HELP ${name} Help.\n# TYPE ${name} ${type}\n`;

describe('readExposition()', () => {
  test('reads labels and values', () => {
    const text = `${head('a_total', 'counter')}a_total{x="1\\n\\"2\\"",y=""} 5\na_total 1.5e-7\n`;
    expect(readExposition(text).get('a_total')!.samples).toEqual([
      { name: 'a_total', labels: { x: '1\n"2"', y: '' }, value: 5 },
      { name: 'a_total', labels: {}, value: 1.5e-7 },
    ]);
  });

  test.each([
    ['no end of the last line', `${head('a', 'gauge')}a 1`],
    ['no help', '# TYPE a gauge\na 1\n'],
    ['an unknown type', `${head('a', 'number')}a 1\n`],
    ['a family twice', `${head('a', 'gauge')}a 1\n${head('a', 'gauge')}a 2\n`],
    ['a sample twice', `${head('a', 'gauge')}a{x="1"} 1\na{x="1"} 2\n`],
    ['a sample of nothing', `${head('a', 'gauge')}b 1\n`],
    ['a sample outside its family', `${head('a', 'gauge')}a 1\n${head('b', 'gauge')}b 1\na{x="1"} 2\n`],
    ['a raw quote', `${head('a', 'gauge')}a{x="1"2"} 1\n`],
    ['a label of a name that is none', `${head('a', 'gauge')}a{1x="1"} 1\n`],
    ['no number', `${head('a', 'gauge')}a undefined\n`],
    ['a counter without _total', `${head('a', 'counter')}a 1\n`],
    ['a gauge with _total', `${head('a_total', 'gauge')}a_total 1\n`],
    ['a counter below 0', `${head('a_total', 'counter')}a_total -1\n`],
    [
      'buckets that fall',
      `${head('h', 'histogram')}h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n`,
    ],
    ['no last bucket', `${head('h', 'histogram')}h_bucket{le="1"} 2\nh_sum 1\nh_count 2\n`],
    ['another count', `${head('h', 'histogram')}h_bucket{le="+Inf"} 2\nh_sum 1\nh_count 3\n`],
    ['no sum', `${head('h', 'histogram')}h_bucket{le="+Inf"} 2\nh_count 2\n`],
  ])('refuses %s', (_, text) => {
    expect(() => readExposition(text)).toThrow();
  });
});
