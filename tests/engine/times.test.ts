import { expect, test } from 'vitest';
import { localSetup, never, request } from '../support/local-engine.ts';
import { recite } from '../support/scripted-llama.ts';

test('a completion says when it came in, got a place, and had its first token', async () => {
  const { engine, clock } = localSetup({ script: recite('hello'), passMs: () => 100 }, { running: 1 });
  clock.ms = 1000;
  const first = await engine.start(request('>'), never());
  const second = await engine.start(request('a>'), never());
  expect(first.times!()).toEqual({ enteredAtMs: 1000, startedAtMs: 1000, firstTokenAtMs: undefined });
  expect(second.times!()).toEqual({ enteredAtMs: 1000, startedAtMs: undefined, firstTokenAtMs: undefined });
  expect(engine.stats()).toMatchObject({ cachePositions: 0 });

  const reader = first.parts[Symbol.asyncIterator]();
  await reader.next();
  expect(first.times!().firstTokenAtMs).toBe(1100);
  expect(engine.stats().cachePositions).toBeGreaterThan(0);
  while (!(await reader.next()).done);

  for await (const _ of second.parts);
  const { startedAtMs, firstTokenAtMs } = second.times!();
  expect(startedAtMs).toBe(1600); // the first had five letters and its end
  expect(firstTokenAtMs).toBe(1700);
});
