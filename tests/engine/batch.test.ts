import { describe, expect, test } from 'vitest';
import { planBatch } from '../../engine/batch.ts';
import { createCoin } from '../../engine/coin.ts';
import { newSequence, type Sequence } from '../../engine/sequence.ts';
import { greedy } from '../support/sampling.ts';
import { scriptedTokenizer } from '../support/scripted-llama.ts';

const tokenizer = scriptedTokenizer();

const reading = (promptTokens: number, more: { logprobs?: number; echo?: boolean } = {}): Sequence =>
  newSequence({
    prompt: new Uint32Array(promptTokens),
    maxTokens: 10,
    sampling: greedy,
    seed: 0,
    stop: [],
    tokenizer,
    nowMs: 0,
    cost: undefined,
    ...more,
  });
const echoing = (promptTokens: number) => reading(promptTokens, { echo: true, logprobs: 0 });

const speaking = (): Sequence => ({ ...reading(1), said: [0] });

const wide = { maxRows: 512, maxLogitRows: 64, prefillChunk: 128 };
const counts = (batch: ReturnType<typeof planBatch>) =>
  batch.map(({ count, logitRows }) => (logitRows > 0 ? `${count}!` : `${count}`));

describe('planBatch()', () => {
  test('gives each speaking sequence one row, and a long prompt no more than the chunk', () => {
    expect(counts(planBatch([speaking(), reading(1000), speaking()], wide))).toEqual(['1!', '128', '1!']);
  });

  test('asks for logits when the prompt is all there', () => {
    expect(counts(planBatch([reading(128)], wide))).toEqual(['128!']);
    expect(counts(planBatch([reading(129)], wide))).toEqual(['128']);
  });

  test('gives the first in line a token each when there are fewer tokens than prompts', () => {
    const limits = { ...wide, prefillChunk: 2 };
    expect(counts(planBatch([reading(1000), speaking(), reading(9), reading(1)], limits))).toEqual([
      '1',
      '1!',
      '1',
    ]);
  });

  test('shares the chunk among prompts, and hands on what a short one leaves', () => {
    expect(counts(planBatch([reading(1000), reading(1000)], wide))).toEqual(['64', '64']);
    expect(counts(planBatch([reading(1000), reading(10), reading(1000)], wide))).toEqual(['59', '10!', '59']);
  });

  test('leaves rows for those who speak when rows are scarce', () => {
    const limits = { ...wide, maxRows: 4 };
    expect(counts(planBatch([reading(100), speaking(), speaking()], limits))).toEqual(['2', '1!', '1!']);
  });

  test('holds the last prompt token back when there is no row of logits for it', () => {
    const limits = { ...wide, maxLogitRows: 1 };
    expect(counts(planBatch([speaking(), reading(5)], limits))).toEqual(['1!', '4']);
    expect(counts(planBatch([reading(1), speaking()], limits))).toEqual(['1!']);
  });

  test('gives every row of an echoed prompt its logits, and leaves rows for those who speak', () => {
    const rows = (sequences: readonly Sequence[], maxLogitRows: number) =>
      planBatch(sequences, { ...wide, maxLogitRows }).map(({ count, logitRows }) => [count, logitRows]);
    expect(rows([echoing(100)], 8)).toEqual([[8, 8]]);
    expect(rows([echoing(100), speaking(), speaking()], 8)).toEqual([
      [6, 6],
      [1, 1],
      [1, 1],
    ]);
    expect(rows([speaking(), echoing(3)], 8)).toEqual([
      [1, 1],
      [3, 3],
    ]);
    expect(rows([speaking(), echoing(3)], 1)).toEqual([[1, 1]]);
    expect(rows([echoing(3), speaking()], 1)).toEqual([[1, 1]]);
  });

  test('lets a sequence draft when it speaks alone, as far as rows and logits go', () => {
    const drafting = (): Sequence => ({
      ...speaking(),
      drafter: {
        ...{ push() {}, spend() {}, judge() {} },
        draft: (room) => Uint32Array.from({ length: Math.min(room, 7) }, (_, i) => i),
      },
    });
    const drafts = (sequences: readonly Sequence[], limits = wide) =>
      planBatch(sequences, limits).map(({ draft }) => draft.length);
    expect(drafts([drafting()])).toEqual([7]);
    expect(drafts([drafting()], { ...wide, maxRows: 4 })).toEqual([3]);
    expect(drafts([drafting()], { ...wide, maxLogitRows: 2 })).toEqual([1]);
    expect(drafts([drafting(), drafting()])).toEqual([0, 0]);
    expect(drafts([drafting(), reading(5)])).toEqual([0, 0]);
    expect(drafts([drafting(), drafting()], { ...wide, maxRows: 1 })).toEqual([0]);
    expect(drafts([{ ...drafting(), said: [] }])).toEqual([0]); // its prompt is not all read
  });

  test('stays within its limits and always moves someone', () => {
    const coin = createCoin(5);
    const upTo = (n: number) => 1 + Math.floor(coin() * n);
    for (let round = 0; round < 5000; round++) {
      const sequences = Array.from({ length: upTo(8) }, () =>
        coin() < 0.5 ? speaking() : reading(upTo(40), coin() < 0.2 ? { echo: true, logprobs: 0 } : {}),
      );
      const limits = { maxRows: upTo(12), maxLogitRows: upTo(4), prefillChunk: upTo(20) };
      const batch = planBatch(sequences, limits);

      const rows = batch.reduce((sum, { count }) => sum + count, 0);
      const prompt = batch.reduce(
        (sum, { sequence, count }) => sum + (sequence.said.length > 0 ? 0 : count),
        0,
      );
      expect(rows).toBeGreaterThan(0);
      expect(rows).toBeLessThanOrEqual(limits.maxRows);
      expect(prompt).toBeLessThanOrEqual(limits.prefillChunk);
      expect(batch.reduce((sum, { logitRows }) => sum + logitRows, 0)).toBeLessThanOrEqual(
        limits.maxLogitRows,
      );
      for (const { sequence, count, logitRows } of batch) {
        expect(count).toBeGreaterThan(0);
        expect(logitRows).toBe(sequence.echo ? count : Number(count === sequence.pending.length));
      }
      expect(new Set(batch.map(({ sequence }) => sequence)).size).toBe(batch.length);
    }
  });
});
