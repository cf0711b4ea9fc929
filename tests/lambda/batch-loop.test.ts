import { expect, test } from 'vitest';
import type { Next } from '../../app/batches/run-batches.ts';
import { startBatchLoop } from '../../lambda/batch-loop.ts';

/** A runner that answers as it is told, one turn after the other, and then has nothing to do. */
function loopOf(turns: (Next | Error | Promise<Next>)[], laterMs = 1e6) {
  const errors: unknown[] = [];
  const signals: AbortSignal[] = [];
  const loop = startBatchLoop({
    run: async (signal) => {
      signals.push(signal);
      const turn = await (turns.shift() ?? 'idle');
      if (turn instanceof Error) throw turn;
      return turn;
    },
    onError: (error) => errors.push(error),
    laterMs,
  });
  return { loop, errors, signals, turns };
}

test('looks at the start, and goes on for as long as there is something to do', async () => {
  const { loop, signals } = loopOf(['now', 'now', 'idle', 'now']);
  await expect.poll(() => signals.length).toBe(3);
  loop.wake();
  await expect.poll(() => signals.length).toBe(5);
  loop.stop();
});

test('hears a call during a turn that then has nothing to do', async () => {
  const turn = Promise.withResolvers<Next>();
  const { loop, signals } = loopOf([turn.promise]);
  await expect.poll(() => signals.length).toBe(1);
  loop.wake();
  turn.resolve('idle');
  await expect.poll(() => signals.length).toBe(2);
  loop.stop();
});

test('waits when it is told to, and not when it is called', async () => {
  const { loop, signals } = loopOf(['later']);
  await expect.poll(() => signals.length).toBe(1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(signals.length).toBe(1);
  loop.wake();
  await expect.poll(() => signals.length).toBe(2);
  loop.stop();
});

test('tells of an error, and tries again later', async () => {
  const { loop, signals, errors } = loopOf([new Error('broken'), 'idle'], 1);
  await expect.poll(() => signals.length).toBe(2);
  expect(errors).toEqual([new Error('broken')]);
  loop.stop();
});

test('ends when it is stopped, in the middle of a turn as well, which is no error', async () => {
  const turn = Promise.withResolvers<Next>();
  const { loop, signals, errors } = loopOf([turn.promise, 'now']);
  await expect.poll(() => signals.length).toBe(1);
  loop.stop();
  expect(signals[0]!.aborted).toBe(true);
  turn.reject(signals[0]!.reason);
  await new Promise((resolve) => setImmediate(resolve));
  expect([signals.length, errors.length]).toEqual([1, 0]);
});
