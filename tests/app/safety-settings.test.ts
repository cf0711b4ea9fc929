import { describe, expect, test } from 'vitest';
import { toSafety } from '../../app/safety-settings.ts';
import { readSettings } from '../../app/settings.ts';
import { Env } from '../../lambda/env.ts';

const read = (values: object) => readSettings(Env, values);

describe("a guard's settings", () => {
  test('ask for none', () => {
    const env = read({});
    expect([env.CRIA_GUARD, env.CRIA_GUARD_JUDGE]).toEqual(['', 'off']);
    expect(toSafety(env).policy).toEqual({ threshold: 0.5, excluded: [], onUnknown: 'unsafe' });
  });

  test('make a policy', () => {
    const env = read({
      CRIA_GUARD_THRESHOLD: '0.3',
      CRIA_GUARD_EXCLUDE: 'S6,S13',
      CRIA_GUARD_UNKNOWN: 'safe',
    });
    expect(toSafety(env).policy).toEqual({ threshold: 0.3, excluded: ['S6', 'S13'], onUnknown: 'safe' });
  });

  test.each([
    ['CRIA_GUARD_THRESHOLD', '0'],
    ['CRIA_GUARD_THRESHOLD', '1.1'],
    ['CRIA_GUARD_EXCLUDE', 'S6;S7'],
    ['CRIA_GUARD_EXCLUDE', 'privacy'],
    ['CRIA_GUARD_UNKNOWN', 'maybe'],
    ['CRIA_GUARD_JUDGE', 'all'],
    ['CRIA_GUARD_JUDGE', 'both'], // by no guard
    ['CRIA_GUARD_ENFORCED', 'yes'],
    ['CRIA_GUARD_ROUTES', '{'],
    ['CRIA_GUARD_ROUTES', '{"/v1/nothing": {}}'],
    ['CRIA_GUARD_ROUTES', '{"/v1/completions": {"judge": "all"}}'],
    ['CRIA_GUARD_ROUTES', '{"/v1/completions": {"limit": 1}}'],
  ])('cannot be %s=%s', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(name);
  });

  test('of routes need a guard, too', () => {
    const CRIA_GUARD_ROUTES = '{"/v1/completions": {"judge": "both", "enforced": true}}';
    expect(() => read({ CRIA_GUARD_ROUTES })).toThrow('CRIA_GUARD_JUDGE: nothing could judge');
    const { routes } = toSafety(read({ CRIA_GUARD_ROUTES, CRIA_GUARD: 'llama-guard-3-1b' }));
    expect(routes).toEqual({ '/v1/completions': { judge: 'both', enforced: true } });
  });

  test('let a guard judge', () => {
    expect(read({ CRIA_GUARD: 'llama-guard-3-1b', CRIA_GUARD_JUDGE: 'both' }).CRIA_GUARD_JUDGE).toBe('both');
  });
});
