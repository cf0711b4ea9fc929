import { describe, expect, test } from 'vitest';
import { createCoin } from '../../engine/coin.ts';
import { createDrafter, type Drafter, MAX_DRAFT_ROWS } from '../../engine/drafter.ts';
import { createStepCost, type StepCost } from '../../engine/step-cost.ts';

/** Milliseconds by rows, as measured: SmolLM2 in Q4_1 and Llama 3.2 1B's shape in Q4_0 on WASM, and a GPU. */
const MACHINES = {
  'a small model on a CPU': [0, 10, 18, 20, 21, 31, 32, 33, 35],
  'a larger one': [0, 40, 99, 96, 103, 168, 160, 172, 176],
  'a GPU': [0, 8, 8.2, 8.3, 8.4, 8.5, 8.6, 8.7, 8.8],
  'a machine that gains nothing': [0, 10, 20, 30, 40, 50, 60, 70, 80],
};

interface Run {
  readonly ms: number;
  readonly plainMs: number;
  readonly drafts: number[];
}

/** Says `reply` as the scheduler would, on a clock of its own. */
function say(drafter: Drafter, reply: readonly number[], readMs: number, passMs: readonly number[]): Run {
  drafter.spend(readMs);
  drafter.push(reply[0]!); // the prompt's last pass says it
  const drafts: number[] = [];
  let ms = readMs;
  for (let said = 1; said < reply.length; ) {
    const draft = drafter.draft(MAX_DRAFT_ROWS - 1);
    drafts.push(draft.length);
    let tokens = 1;
    while (
      tokens <= draft.length &&
      said + tokens < reply.length &&
      reply[said + tokens - 1] === draft[tokens - 1]
    )
      tokens++;
    const rows = 1 + draft.length;
    ms += passMs[rows]!;
    for (const id of reply.slice(said, said + tokens)) drafter.push(id);
    said += tokens;
    drafter.spend(passMs[rows]!);
    drafter.judge(rows, passMs[rows]!, tokens);
  }
  return { ms, plainMs: readMs + (reply.length - 1) * passMs[1]!, drafts };
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);
const drafterOf = (prompt: readonly number[], maxTokens: number, cost: StepCost = createStepCost()) =>
  createDrafter({ prompt: Uint32Array.from(prompt), maxTokens, cost });

describe.each(Object.entries(MACHINES))('createDrafter() on %s', (name, passMs) => {
  test('is quick to quote, if that pays', () => {
    const prompt = numbers(300);
    const { ms, plainMs, drafts } = say(
      drafterOf(prompt, 256),
      prompt.slice(20, 276),
      300 * passMs[1]!,
      passMs,
    );
    if (name === 'a machine that gains nothing') expect(ms).toBeLessThan(plainMs * 1.02);
    else expect(plainMs / ms).toBeGreaterThan(1.15);
    expect(Math.max(...drafts)).toBeLessThan(MAX_DRAFT_ROWS);
  });

  test('costs nothing where no guess is right', () => {
    const prompt = [...numbers(100), ...numbers(100)];
    const reply = numbers(60).flatMap((i) => [1000 + i, i, i + 1, i + 2]); // what was said before, and then another
    const { ms, plainMs, drafts } = say(drafterOf(prompt, reply.length), reply, 40 * passMs[1]!, passMs);
    expect(ms).toBe(plainMs);
    expect(Math.max(...drafts)).toBe(0);
  });

  test.each([1, 2, 3, 4, 5])('never loses more than 2 % to a text that deceives it (seed %i)', (seed) => {
    // Runs that can be foretold, each broken off at random: guesses are good until they are bought.
    const coin = createCoin(seed);
    const upTo = (n: number) => Math.floor(coin() * n);
    const prompt = numbers(50 + upTo(400));
    const reply: number[] = [];
    while (reply.length < 400) {
      const at = upTo(prompt.length - 30);
      reply.push(...prompt.slice(at, at + 3 + upTo(2 + 6 * upTo(4))), 10_000 + upTo(50));
    }
    const cost = createStepCost();
    for (let replies = 0; replies < 3; replies++) {
      const { ms, plainMs } = say(
        drafterOf(prompt, reply.length, cost),
        reply,
        upTo(100) * passMs[1]!,
        passMs,
      );
      expect(ms / plainMs).toBeLessThan(1.0201);
    }
  });
});

describe('createDrafter()', () => {
  const [prompt, reply] = [numbers(300), numbers(200, 20)];

  test('drafts longer where a pass of more rows costs little more', () => {
    const usual = (passMs: readonly number[]) =>
      say(drafterOf(prompt, 256), reply, 1e4, passMs)
        .drafts.sort((a, b) => a - b)
        .at(-8);
    expect(usual(MACHINES['a GPU'])).toBe(7);
    expect(usual([0, 10, 12, 14, 16, 60, 61, 62, 63])).toBe(3); // the longer ones were tried
  });

  test('drafts no more than the rest of the reply, nor than there is room for', () => {
    const cost = createStepCost();
    const drafter = drafterOf(prompt, 100, cost);
    say(drafter, reply.slice(0, 90), 1e4, MACHINES['a GPU']);
    expect(drafter.draft(7)).toHaveLength(7);
    expect(drafter.draft(2)).toHaveLength(2);
    expect(drafter.draft(0)).toHaveLength(0);
    for (const id of reply.slice(90, 96)) drafter.push(id);
    expect(drafter.draft(7)).toHaveLength(3); // 4 are left, and a pass says one more than it drafts
    for (const id of reply.slice(96, 99)) drafter.push(id);
    expect(drafter.draft(7)).toHaveLength(0);
  });

  test('drafts nothing before the first token, nor by a clock that stands still', () => {
    const drafter = drafterOf(prompt, 256);
    expect(drafter.draft(7)).toHaveLength(0);
    expect(Math.max(...say(drafterOf(prompt, 256), reply, 1e4, new Array(9).fill(0)).drafts)).toBe(0);
  });
});
