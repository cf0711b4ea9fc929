import { expect, test } from 'vitest';
import { createCircuit } from '../../../app/gateway/circuit.ts';

function circuitAt() {
  const clock = { ms: 0 };
  const circuit = createCircuit(() => clock.ms);
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) {
      expect(circuit.enter()).toBe(true);
      circuit.fail();
    }
  };
  return { clock, circuit, fail };
}

test('three failures in a row open it; a success between them does not count as one', () => {
  const { circuit, fail } = circuitAt();
  fail(2);
  circuit.enter();
  circuit.succeed();
  fail(2);
  expect(circuit.isClosed()).toBe(true);
  fail(1);
  expect(circuit.isClosed()).toBe(false);
  expect(circuit.enter()).toBe(false);
});

test('after a rest one may try, and only one; success closes it', () => {
  const { clock, circuit, fail } = circuitAt();
  fail(3);
  clock.ms = 1_999;
  expect(circuit.enter()).toBe(false);
  clock.ms = 2_000;
  expect(circuit.enter()).toBe(true);
  expect(circuit.enter()).toBe(false);
  circuit.succeed();
  fail(2); // closed: it takes three again
  expect(circuit.isClosed()).toBe(true);
});

test('a trial that fails doubles the rest, up to half a minute; one that is left gives its place back', () => {
  const { clock, circuit, fail } = circuitAt();
  fail(3);
  for (const rest of [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    clock.ms += rest - 1;
    expect(circuit.enter()).toBe(false);
    clock.ms += 1;
    expect(circuit.enter()).toBe(true);
    circuit.leave();
    fail(1);
  }
});

test('requests that were under way when it opened say no more: its rest is the first, however many fail', () => {
  const { clock, circuit } = circuitAt();
  for (let i = 0; i < 50; i++) circuit.enter();
  for (let i = 0; i < 50; i++) circuit.fail();
  clock.ms = 1_999;
  expect(circuit.enter()).toBe(false);
  clock.ms = 2_000;
  expect(circuit.enter()).toBe(true);
});
