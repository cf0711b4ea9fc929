/** Who judges, keeps and answers what only one can: as the site says, or not at all. */
import { describe, expect, test } from 'vitest';
import { plan } from '../../infra/plan.ts';
import { parseSite, type SiteInput } from '../../infra/site.ts';

const GUARD = 'llama-guard-3-1b-q4_k_m';
const MODELS: SiteInput['models'] = [
  { id: 'smollm2', engine: 'node', name: 'guarded', guard: GUARD },
  { id: 'smollm2', engine: 'node', name: 'bare' },
  { id: 'llama-3.2-1b-instruct-q4_0', engine: 'node', name: 'many', replicas: 3 },
  { id: 'llama-3.2-11b-vision-instruct', engine: 'gpu', name: 'vision' },
  { id: 'x', engine: 'remote', name: 'elsewhere', url: 'https://llm.example.com/v1' },
];
const planOf = (fields: Partial<SiteInput>) =>
  plan(
    parseSite(
      { name: 'lab', setup: 'on-prem', images: { gpu: 'sglang' }, models: MODELS, ...fields },
      'site.yaml',
    ),
  );
const guardOf = (fields: Partial<SiteInput>, name: string) => {
  const { env } = planOf(fields).workloads.find((one) => one.name === name)!;
  return Object.fromEntries(Object.entries(env).filter(([key]) => key.startsWith('CRIA_GUARD')));
};

describe('a route’s guard', () => {
  test('becomes the settings of every server behind it, and of no other', () => {
    const guard = { judge: 'both', threshold: 0.3, exclude: ['S6', 'S8'], refusal: 'No.' } as const;
    const site = {
      routes: [{ model: 'm', to: 'guarded', guard: { ...guard, exclude: [...guard.exclude] } }],
    };
    expect(guardOf(site, 'guarded')).toEqual({
      CRIA_GUARD: GUARD,
      CRIA_GUARD_JUDGE: 'both',
      CRIA_GUARD_THRESHOLD: '0.3',
      CRIA_GUARD_EXCLUDE: 'S6,S8',
      CRIA_GUARD_REFUSAL: 'No.',
    });
    expect(guardOf(site, 'bare')).toEqual({});
  });

  test('judges nothing where a route has none', () => {
    expect(guardOf({ routes: [{ model: 'm', to: 'guarded' }] }, 'guarded')).toEqual({ CRIA_GUARD: GUARD });
  });

  test.each([
    { to: 'bare', says: "routes[0].guard: 'bare' has no guard beside it: write guard: llama-guard" },
    { to: 'vision', says: "routes[0].guard: 'vision' is SGLang, which has no Llama Guard" },
    { to: 'elsewhere', says: "routes[0].guard: 'elsewhere' is another's server, which has no Llama Guard" },
  ])('that $to could not keep is refused', ({ to, says }) => {
    expect(() => planOf({ routes: [{ model: 'm', to, guard: { judge: 'input' } }] })).toThrow(says);
    const routes = [{ model: 'm', to: 'guarded', overflow: [to], guard: { judge: 'input' } as const }];
    expect(() => planOf({ routes })).toThrow(says); // nor is there a way round it
  });

  test.each([undefined, { judge: 'input' }, { judge: 'off' }] as const)(
    'that another route to the same server undoes is refused: %j',
    (guard) => {
      const first = { model: 'a', to: 'guarded', guard: { judge: 'both' } } as const;
      expect(() =>
        planOf({ routes: [first, { model: 'b', to: 'guarded', ...(guard ? { guard } : {}) }] }),
      ).toThrow("routes[1].guard: routes[0] leads to 'guarded' too and says otherwise");
    },
  );

  test('may be off where nobody could judge', () => {
    expect(guardOf({ routes: [{ model: 'm', to: 'bare', guard: { judge: 'off' } }] }, 'bare')).toEqual({
      CRIA_GUARD_JUDGE: 'off',
    });
  });
});

describe('keeper and judge', () => {
  test('are the first that can, unless the site names one', () => {
    expect(planOf({})).toMatchObject({ keeper: 'guarded', judge: 'guarded' });
    expect(planOf({ keeper: 'bare', judge: 'guarded' })).toMatchObject({ keeper: 'bare', judge: 'guarded' });
  });

  test.each([
    { keeper: 'nobody', says: "keeper: 'nobody' cannot keep anything" },
    { keeper: 'many', says: "keeper: 'many' cannot keep anything" },
    { keeper: 'vision', says: "keeper: 'vision' cannot keep anything" },
    { keeper: 'elsewhere', says: "keeper: 'elsewhere' cannot keep anything" },
    { judge: 'bare', says: "judge: 'bare' cannot judge" },
  ])('$says', ({ says, ...fields }) => {
    expect(() => planOf(fields)).toThrow(says);
  });
});

test('limits of the site are the gateway’s', () => {
  const limits = { requestsPerMinute: 60, tokensPerMinute: 20_000, concurrency: 4 };
  expect(planOf({ gateway: { limits } }).gateway.env).toMatchObject({
    CRIA_LIMIT_REQUESTS: '60',
    CRIA_LIMIT_TOKENS: '20000',
    CRIA_LIMIT_CONCURRENCY: '4',
  });
  expect(() => planOf({ gateway: { limits: { requestsPerMinute: 0 } } })).toThrow(
    'gateway.limits.requestsPerMinute',
  );
});
