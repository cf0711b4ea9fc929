import { describe, expect, test } from 'vitest';
import type { Limits } from '../../../app/access/access-key.ts';
import { enter, leave, newQuota, type Quota, renew, reserve, settle } from '../../../app/access/quota.ts';

const LEASE = { lease: 'a', leaseMs: 60_000 };

/** mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A bucket as one would explain it: every millisecond it gains a little, in exact fractions, and never holds more than it can. */
function slowBucket(perMinute: number) {
  const full = BigInt(perMinute) * 60_000n;
  let level = full;
  let at = 0;
  return {
    passTo(ms: number) {
      for (; at < ms; at++) level = level + BigInt(perMinute) > full ? full : level + BigInt(perMinute);
      at = ms;
    },
    take(count: number): boolean {
      const cost = BigInt(count) * 60_000n;
      if (cost > level) return false;
      level -= cost;
      return true;
    },
    give(count: number) {
      level = level + BigInt(count) * 60_000n > full ? full : level + BigInt(count) * 60_000n;
    },
  };
}

describe('a bucket decides as the slow one does', () => {
  test.each([1, 2, 7, 60, 61, 999, 100_000])('with %d a minute', (perMinute) => {
    const next = random(perMinute);
    const limits: Limits = { requestsPerMinute: perMinute, tokensPerMinute: perMinute };
    const requests = slowBucket(perMinute);
    const tokens = slowBucket(perMinute);
    let quota = newQuota(0);
    let ms = 0;
    let granted = 0;
    for (let i = 0; i < 400; i++) {
      ms += Math.floor(next() ** 4 * (120_000 / perMinute + 50));
      requests.passTo(ms);
      tokens.passTo(ms);
      const entered = enter(quota, limits, ms, LEASE);
      expect(entered.refusal === undefined).toBe(requests.take(1));
      granted += entered.refusal ? 0 : 1;
      const wanted = 1 + Math.floor(next() * perMinute);
      const reserved = reserve(entered.quota, limits, ms, wanted);
      const isTaken = tokens.take(wanted);
      expect(reserved.refusal === undefined).toBe(isTaken);
      const back = isTaken ? Math.floor(next() * wanted) : 0;
      tokens.give(back);
      quota = settle(reserved.quota, limits, ms, back);
    }
    expect(granted).toBeGreaterThan(1);
    expect(granted).toBeLessThanOrEqual(perMinute + (ms * perMinute) / 60_000); // what the limit means
  });
});

describe('a refusal', () => {
  test.each([
    { perMinute: 60, waitMs: 1_000 },
    { perMinute: 7, waitMs: 8_572 },
    { perMinute: 1, waitMs: 60_000 },
  ])('says when to come again, to the millisecond: $perMinute a minute', ({ perMinute, waitMs }) => {
    const limits = { requestsPerMinute: perMinute };
    let quota = newQuota(0);
    for (let i = 0; i < perMinute; i++) quota = enter(quota, limits, 0, LEASE).quota;
    const refused = enter(quota, limits, 0, LEASE);
    expect(refused.refusal).toEqual({ limit: 'requests', most: perMinute, waitMs });
    expect(refused.standing.requests).toEqual({ limit: perMinute, remaining: 0, resetMs: 60_000 });
    expect(enter(refused.quota, limits, waitMs - 1, LEASE).refusal).toBeDefined();
    expect(enter(refused.quota, limits, waitMs, LEASE).refusal).toBeUndefined();
  });

  test('takes nothing: neither a slot nor a request', () => {
    const limits = { requestsPerMinute: 10, concurrency: 1 };
    const first = enter(newQuota(0), limits, 0, LEASE);
    const second = enter(first.quota, limits, 0, { ...LEASE, lease: 'b' });
    expect(second.refusal).toMatchObject({ limit: 'concurrency', most: 1 });
    expect(second.quota).toEqual(first.quota);
    expect(enter(leave(second.quota, 'a'), limits, 0, LEASE).refusal).toBeUndefined();
  });

  test('of more than there ever is says that waiting does not help', () => {
    const { refusal } = reserve(newQuota(0), { tokensPerMinute: 100 }, 0, 101);
    expect(refusal).toEqual({ limit: 'tokens', most: 100, waitMs: undefined });
  });
});

describe('tokens', () => {
  const limits = { tokensPerMinute: 100 };
  const remaining = (quota: Quota, ms = 0) => reserve(quota, limits, ms, 0).standing.tokens!.remaining;

  test('that were not used come back, and those beyond are owed', () => {
    const { quota } = reserve(newQuota(0), limits, 0, 80);
    expect(remaining(quota)).toBe(20);
    expect(remaining(settle(quota, limits, 0, 50))).toBe(70);
    const owing = settle(quota, limits, 0, -140);
    expect(remaining(owing)).toBe(0);
    expect(reserve(owing, limits, 72_000, 1).refusal).toBeDefined(); // 220 were used: 120 are owed, 72 s of them
    expect(reserve(owing, limits, 72_600, 1).refusal).toBeUndefined();
  });

  test('that come back late give no more than a full bucket', () => {
    const { quota } = reserve(newQuota(0), limits, 0, 80);
    expect(remaining(settle(quota, limits, 3_600_000, 80), 3_600_000)).toBe(100);
  });
});

describe('a clock', () => {
  const limits = { requestsPerMinute: 10, tokensPerMinute: 100, concurrency: 2 };
  function exhausted(): Quota {
    let quota = newQuota(1_000_000_000);
    for (let i = 0; i < 10; i++) quota = leave(enter(quota, limits, 1_000_000_000, LEASE).quota, 'a');
    return reserve(quota, limits, 1_000_000_000, 100).quota;
  }

  test.each([60_000, 3_600_000, 10 ** 12])('that jumps %d ms forward gives one bucket at most', (jump) => {
    let quota = exhausted();
    const at = 1_000_000_000 + jump;
    let granted = 0;
    for (let i = 0; i < 100; i++) {
      const entered = enter(quota, limits, at, LEASE);
      granted += entered.refusal ? 0 : 1;
      quota = leave(entered.quota, 'a');
    }
    expect(granted).toBe(10);
    expect(reserve(quota, limits, at, 100).refusal).toBeUndefined();
  });

  test.each([1, 3_600_000, 1_000_000_000])('that is put %d ms back neither gives nor locks out', (jump) => {
    const at = 1_000_000_000 - jump;
    const refused = enter(exhausted(), limits, at, LEASE);
    expect(refused.refusal).toMatchObject({ limit: 'requests', waitMs: 6_000 });
    expect(enter(refused.quota, limits, at + 6_000, LEASE).refusal).toBeUndefined();
  });

  test('that jumps to and fro gives what has passed, once', () => {
    let quota = exhausted();
    let granted = 0;
    for (let i = 0; i < 50; i++) {
      const entered = enter(quota, limits, 1_000_000_000 + (i % 2 === 0 ? 0 : 6_000), LEASE);
      granted += entered.refusal ? 0 : 1;
      quota = leave(entered.quota, 'a');
    }
    expect(granted).toBeLessThanOrEqual(25); // each step forward is time, as far as anyone can tell
  });
});

describe('a lease', () => {
  const limits = { concurrency: 1 };
  const first = enter(newQuota(0), limits, 0, LEASE).quota;
  const next = { lease: 'b', leaseMs: 60_000 };

  test('that says nothing ends, one that is renewed does not', () => {
    expect(enter(first, limits, 59_999, next).refusal).toBeDefined();
    expect(enter(first, limits, 60_000, next).refusal).toBeUndefined();
    expect(enter(renew(first, limits, 20_000, 'a', 60_000), limits, 79_999, next).refusal).toBeDefined();
  });

  test('does not live longer for a clock that was put back', () => {
    const { quota } = enter(first, limits, -3_600_000, next);
    expect(enter(quota, limits, -3_600_000 + 60_000, next).refusal).toBeUndefined();
  });

  test('that a jump has ended counts again once it is renewed', () => {
    const jumped = renew(first, limits, 3_600_000, 'a', 60_000);
    expect(enter(jumped, limits, 3_600_000, next).refusal).toBeDefined();
  });
});

test('limits that change hold from the next request on', () => {
  let quota = newQuota(0);
  for (let i = 0; i < 5; i++) quota = enter(quota, { requestsPerMinute: 5 }, 0, LEASE).quota;
  expect(enter(quota, { requestsPerMinute: 5 }, 0, LEASE).refusal).toBeDefined();
  expect(enter(quota, { requestsPerMinute: 8 }, 0, LEASE).standing.requests!.remaining).toBe(2);
  expect(enter(quota, {}, 0, LEASE).standing).toEqual({});
});
