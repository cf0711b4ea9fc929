import { describe, expect, test } from 'vitest';
import { createPace } from '../../engine/pace.ts';
import { localSetup, never, readAll, request } from '../support/local-engine.ts';
import { babble } from '../support/scripted-llama.ts';

/** A device that reads weights in `passMs`; two rows take `rowMs` each, more of them `fourMs` for each four. */
interface Machine {
  readonly passMs: number;
  readonly rowMs: number;
  readonly unpackMs: number; // of weights, for more than two rows
  readonly fourMs: number;
}

const SLOW: Machine = { passMs: 45, rowMs: 30, unpackMs: 40, fourMs: 95 }; // Llama 3.2 1B on one thread
const FAST: Machine = { passMs: 6, rowMs: 6, unpackMs: 2, fourMs: 14 }; // SmolLM2-135M

const stepMs = ({ passMs, rowMs, unpackMs, fourMs }: Machine, rows: number) =>
  passMs + (rows <= 2 ? rowMs * rows : unpackMs + fourMs * Math.ceil(rows / 4));

describe('createPace()', () => {
  /** The prompt rows of the next steps beside `speaking`, each step observed. */
  function follow(
    pace: ReturnType<typeof createPace>,
    machine: Machine,
    speaking: number,
    steps: number,
  ): number[] {
    return Array.from({ length: steps }, () => {
      const rows = pace.promptRows(speaking);
      pace.observe(rows + speaking, stepMs(machine, rows + speaking));
      return rows;
    });
  }

  test('gives the whole chunk when nobody speaks, whatever it takes', () => {
    const pace = createPace(64);
    expect(pace.promptRows(0)).toBe(64);
    pace.observe(64, 5000);
    expect(pace.promptRows(0)).toBe(64);
  });

  test.each([1, 2, 8, 20])('fills steps of 100 ms where they can be that short: %i speak', (speaking) => {
    for (const before of ['speaking', 'reading'] as const) {
      const pace = createPace(64);
      if (before === 'reading') pace.observe(64, stepMs(FAST, 64));
      else for (let i = 0; i < 20; i++) pace.observe(speaking, stepMs(FAST, speaking));
      const times = follow(pace, FAST, speaking, 30).map((rows) => stepMs(FAST, rows + speaking));
      for (const ms of times) expect(ms).toBeLessThanOrEqual(100);
      expect(times.at(-1)).toBeGreaterThan(75);
    }
  });

  test.each([
    { speaking: 1, rows: 1 },
    { speaking: 2, rows: 2 },
    { speaking: 3, rows: 1 },
    { speaking: 8, rows: 4 },
  ])('adds one multiplication to a step that is too long without: $rows rows for $speaking', (asked) => {
    const { speaking, rows } = asked;
    const pace = createPace(64);
    pace.observe(64, stepMs(SLOW, 64));
    expect(follow(pace, SLOW, speaking, 30)).toEqual(Array(30).fill(rows));
    expect(stepMs(SLOW, rows + speaking) - stepMs(SLOW, speaking)).toBeLessThanOrEqual(100);
  });

  test('is right again at once when the machine turns slow, or the context long', () => {
    const pace = createPace(64);
    follow(pace, FAST, 1, 30);
    const slower = { passMs: 12, rowMs: 12, unpackMs: 4, fourMs: 28 };
    const times = follow(pace, slower, 1, 12).map((rows) => stepMs(slower, rows + 1));
    expect(times[0]).toBeGreaterThan(100);
    for (const ms of times.slice(1)) expect(ms).toBeLessThanOrEqual(100);
  });

  test('never gives more than the chunk', () => {
    const pace = createPace(3);
    pace.observe(8, 8);
    expect(pace.promptRows(1)).toBe(3);
    pace.observe(1, 5000);
    expect(pace.promptRows(8)).toBe(3);
  });

  test('is not stopped by a clock that stands still', () => {
    const pace = createPace(64);
    pace.observe(3, 0);
    expect(pace.promptRows(2)).toBe(64);
  });
});

describe('a long prompt beside a reply', () => {
  /** As in workerd: the clock shows a step's time only once the event loop has had a turn. */
  function onMachine(machine: Machine) {
    let owedMs = 0;
    const clock = { ms: 0 };
    const local = localSetup(
      { script: babble, maxRows: 72 },
      { prefillChunk: 64, stalledMs: 1e9 },
      {
        nowMs: () => clock.ms,
        async breathe() {
          await new Promise((resolve) => setImmediate(resolve));
          clock.ms += owedMs;
          owedMs = 0;
        },
      },
    );
    const { llama } = local;
    const forward = llama.forward.bind(llama);
    llama.forward = (spans) => {
      owedMs += stepMs(
        machine,
        spans.reduce((rows, { ids }) => rows + ids.length, 0),
      );
      return forward(spans);
    };
    return local;
  }

  const rowsOf = (batch: readonly { readonly count: number }[]) =>
    batch.reduce((rows, { count }) => rows + count, 0);

  test('makes no step longer than 100 ms, and is read whole', async () => {
    const { engine, llama } = onMachine(FAST);
    const speaking = (await engine.start(request('a', { maxTokens: 400 }), never())).parts[
      Symbol.asyncIterator
    ]();
    for (let i = 0; i < 10; i++) await speaking.next();
    const before = llama.batches.length;

    const long = await engine.start(request('x'.repeat(299), { maxTokens: 2 }), never());
    const both = await Promise.all([
      readAll({ [Symbol.asyncIterator]: () => speaking }),
      readAll(long.parts),
    ]);
    expect(both.map(({ text }) => text.length)).toEqual([390, 2]);

    const shared = llama.batches
      .slice(before)
      .filter((batch) => batch.some(({ cache, logits }) => cache === 1 && logits === 'none'));
    const prompt = shared.flat().filter(({ cache }) => cache === 1);
    expect(prompt.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(270);
    for (const batch of shared) expect(stepMs(FAST, rowsOf(batch))).toBeLessThanOrEqual(100);
    expect(Math.max(...prompt.map(({ count }) => count))).toBe(23);
  });

  test('is read in whole chunks when nobody speaks', async () => {
    const { engine, llama } = onMachine(SLOW);
    await readAll((await engine.start(request('x'.repeat(199), { maxTokens: 1 }), never())).parts);
    expect(llama.batches.map(rowsOf)).toEqual([64, 64, 64, 8]);
  });

  test('does not take the time in which nobody asked for a step', async () => {
    const { engine, llama, clock } = localSetup(
      { script: babble, maxRows: 72 },
      { prefillChunk: 64, stalledMs: 1e9 },
    );
    const speaking = (await engine.start(request('a', { maxTokens: 400 }), never())).parts[
      Symbol.asyncIterator
    ]();
    for (let i = 0; i < 10; i++) {
      await speaking.next();
      clock.ms += 60_000; // the reader thinks
    }
    const long = await engine.start(request('x'.repeat(199), { maxTokens: 2 }), never());
    await readAll(long.parts);
    expect(llama.batches.flat().filter(({ cache }) => cache === 1)[0]!.count).toBe(64);
    await speaking.return!();
  });
});
