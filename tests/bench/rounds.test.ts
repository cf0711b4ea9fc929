import { describe, expect, test } from 'vitest';
import { summary } from '../../bench/rounds.ts';
import type { Row, Side } from '../../bench/rows.ts';

const side = (script: string): Side => ({
  peer: { script, model: 'llama-3.2-1b/q4_0' },
  question: { cmd: 'decode' },
});
const row: Row = {
  name: 'decode/llama-3.2-1b/q4_0/node',
  unit: 'tokens/s',
  ours: side('ours'),
  against: side('theirs'),
  againstName: 'theirs',
};
/** Our figure and theirs, round by round. */
const answers = (rounds: readonly (readonly [number, number])[]) =>
  rounds.map(
    ([ours, theirs]) =>
      ({ peer }: Side) =>
        peer.script === 'ours' ? ours : theirs,
  );

describe('summary', () => {
  test('takes the median of the ratios of rounds, not the ratio of medians', () => {
    const { value, against, ratio, least, most } = summary(
      row,
      answers([
        [10, 5],
        [30, 40],
        [20, 100],
      ]),
    );
    expect({ value, against, ratio, least, most }).toEqual({
      ...{ value: 20, against: 40, ratio: 0.75, least: 10, most: 30 },
    });
  });

  test('holds a row against a bar', () => {
    expect(summary({ ...row, unit: 'MB', against: { bar: 120 } }, answers([[90, 0]]))).toMatchObject({
      ...{ value: 90, ratio: 0.75 },
    });
  });

  test('gives a share of what a peer reaches in percent', () => {
    expect(summary({ ...row, unit: '%' }, answers([[15, 20]]))).toMatchObject({
      ...{ value: 75, least: 75, most: 75, ratio: 0.75 },
    });
  });
});
