import { describe, expect, test } from 'vitest';
import { createMetrics } from '../../app/metrics.ts';
import { observedGuard } from '../../app/observed-guard.ts';
import { createCounter, createHistogram } from '../../app/prometheus.ts';
import { REFUSAL } from '../../app/safety.ts';
import { UnfitGuardError } from '../../engine/errors.ts';
import { DEFAULT_POLICY } from '../../engine/guard/guard.ts';
import { createGuardedEngine } from '../../engine/guard/guarded-engine.ts';
import { processSamples } from '../../lambda/process-samples.ts';
import { readExposition } from '../support/exposition.ts';
import { SCRIPTED_MODEL } from '../support/scripted-engine.ts';
import { scriptedGuard } from '../support/scripted-guard.ts';
import { events, MODEL, START_MS, testApp } from '../support/test-app.ts';

describe('createHistogram()', () => {
  test('counts a value in every bucket whose bound it does not exceed', () => {
    const histogram = createHistogram('t_seconds', 'Times.', [0.1, 1]);
    for (const value of [0.1, 0.5, 7]) histogram.observe({ of: 'a' }, value);
    expect(histogram.render()).toBe(
      [
        '# HELP t_seconds Times.',
        '# TYPE t_seconds histogram',
        't_seconds_bucket{of="a",le="0.1"} 1',
        't_seconds_bucket{of="a",le="1"} 2',
        't_seconds_bucket{of="a",le="+Inf"} 3',
        't_seconds_sum{of="a"} 7.6',
        't_seconds_count{of="a"} 3',
        '',
      ].join('\n'),
    );
  });
});

describe('createCounter()', () => {
  test('counts each set of labels apart, and escapes them', () => {
    const counter = createCounter('t_total', 'Things.');
    counter.add({ of: 'a' });
    counter.add({ of: 'a' });
    counter.add({ of: 'a"b\\c\nd' });
    expect(counter.render()).toBe(
      '# HELP t_total Things.\n# TYPE t_total counter\nt_total{of="a"} 2\nt_total{of="a\\"b\\\\c\\nd"} 1\n',
    );
  });
});

describe('GET /metrics', () => {
  const samples = async (app: ReturnType<typeof testApp>) => {
    const lines = (await (await app.app.request('/metrics')).text()).split('\n');
    return new Map(
      lines
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
    );
  };

  test("shows the engine's counts under vLLM's names", async () => {
    const app = testApp({
      stats: {
        running: 1,
        waiting: 2,
        promptTokens: 30,
        completionTokens: 40,
        draftTokens: 20,
        acceptedTokens: 15,
        prefixQueries: 50,
        prefixHits: 20,
        deviceBytes: 5e9,
        state: 'loading',
      },
    });
    expect((await app.app.request('/metrics')).headers.get('content-type')).toMatch(
      /^text\/plain; version=0.0.4/,
    );
    const all = await samples(app);
    expect(all.get('vllm:num_requests_running')).toBe(1);
    expect(all.get('vllm:num_requests_waiting')).toBe(2);
    expect(all.get('vllm:prompt_tokens_total')).toBe(30);
    expect(all.get('vllm:generation_tokens_total')).toBe(40);
    expect(all.get('vllm:prefix_cache_queries_total')).toBe(50);
    expect(all.get('vllm:prefix_cache_hits_total')).toBe(20);
    expect(all.get('vllm:spec_decode_num_draft_tokens_total')).toBe(20);
    expect(all.get('vllm:spec_decode_num_accepted_tokens_total')).toBe(15);
    expect(all.get('cria_device_bytes')).toBe(5e9);
    expect(all.get('cria_engine_loading')).toBe(1);
    expect(all.get('cria_engine_ready')).toBe(0);
  });

  test('counts requests by route and status, whatever ids and paths clients make up', async () => {
    const app = testApp();
    await app.chat();
    await app.chat({ n: 0 });
    for (const path of ['/v1/models/a', '/v1/models/b', '/x', '/y']) await app.app.request(path);

    const all = await samples(app);
    const count = (method: string, route: string, status: number) =>
      all.get(`cria_http_requests_total{method="${method}",route="${route}",status="${status}"}`);
    expect(count('POST', '/v1/chat/completions', 200)).toBe(1);
    expect(count('POST', '/v1/chat/completions', 400)).toBe(1);
    expect(count('GET', '/v1/models/:id{.+}', 404)).toBe(2);
    expect(count('other', 'other', 404)).toBe(2);
  });

  test('times the first text, each token after it, and the whole', async () => {
    const app = testApp({
      steps: ['a', 'b'],
      usage: { promptTokens: 1, cachedTokens: 0, completionTokens: 5 },
    });
    const reader = (await app.chat({ stream: true })).body!.getReader();
    await reader.read(); // the role
    app.clock.ms += 300;
    await reader.read();
    app.clock.ms += 400;
    while (!(await reader.read()).done);

    const all = await samples(app);
    const label = `{model_name="${MODEL}"}`;
    expect(all.get(`vllm:time_to_first_token_seconds_sum${label}`)).toBe(0.3);
    expect(all.get(`vllm:request_time_per_output_token_seconds_sum${label}`)).toBe(0.1);
    expect(all.get(`vllm:e2e_request_latency_seconds_sum${label}`)).toBe(0.7);
  });

  test('keeps the times of completions cut short out, and counts how each ended', async () => {
    const app = testApp({ steps: ['a', new Error('broken')] });
    await events(await app.chat({ stream: true }));
    await (await app.chat({ stream: true })).body!.cancel();

    const all = await samples(app);
    const outcome = (word: string) =>
      all.get(`cria_completions_total{model_name="${MODEL}",outcome="${word}"}`);
    expect([outcome('error'), outcome('aborted'), outcome('stop')]).toEqual([1, 1, undefined]);
    expect([...all.keys()].filter((name) => name.includes('latency'))).toEqual([]);
  });

  test('is as Prometheus wants it, all of it, whatever a model is called', async () => {
    const id = 'a "quoted"\\name\nof two lines';
    const model = { ...SCRIPTED_MODEL, id };
    const app = testApp({ models: [model], steps: ['a', 'b'] }, { platform: processSamples });
    await app.chat({ model: id, max_tokens: 5 });
    const families = readExposition(await (await app.app.request('/metrics')).text());
    const labels = families.get('vllm:request_generation_tokens')!.samples[0]!.labels;
    expect(labels.model_name).toBe(id);
    expect(families.get('vllm:request_params_max_tokens')!.samples.at(-1)!.value).toBe(1);
    expect(families.get('process_resident_memory_bytes')!.samples[0]!.value).toBeGreaterThan(10e6);
    expect(families.get('process_cpu_seconds_total')!.samples[0]!.value).toBeGreaterThan(0);
    for (const { help } of families.values()) expect(help).toMatch(/\.$/);
  });

  test("tells a request's waiting, reading and writing apart", async () => {
    const times = {
      enteredAtMs: START_MS + 100,
      startedAtMs: START_MS + 300,
      firstTokenAtMs: START_MS + 700,
    };
    const app = testApp(
      {},
      {
        wrap: (engine) => ({
          ...engine,
          start: async (...all) => ({ ...(await engine.start(...all)), times: () => times }),
        }),
      },
    );
    const reply = app.chat({ stream: true });
    app.clock.ms += 1500;
    await events(await reply);
    const all = await samples(app);
    const sum = (name: string) => all.get(`vllm:request_${name}_time_seconds_sum{model_name="${MODEL}"}`);
    expect([sum('queue'), sum('prefill'), sum('decode'), sum('inference')]).toEqual([0.2, 0.4, 0.8, 1.2]);
  });

  test('counts replies by their end, in vLLM’s words', async () => {
    const app = testApp({ reason: 'length' });
    await app.chat();
    const all = await samples(app);
    const name = `vllm:request_success_total{model_name="${MODEL}",finished_reason="length"}`;
    expect(all.get(name)).toBe(1);
  });

  test('says how much is loaded, and how full the caches are', async () => {
    const load = { bytes: 30, totalBytes: 100 };
    const app = testApp({ stats: { load, cachePositions: 25, cacheCapacity: 100, state: 'loading' } });
    const all = await samples(app);
    expect(all.get('cria_load_bytes')).toBe(30);
    expect(all.get('cria_load_expected_bytes')).toBe(100);
    expect(all.get('vllm:kv_cache_usage_perc')).toBe(0.25);
  });
});

describe('the guard', () => {
  test('is counted by direction and by what it found, and timed', async () => {
    const metrics = createMetrics();
    const scripted = scriptedGuard((prompt) => ({ answer: /BAD/.test(prompt) ? 'unsafe\nS9' : 'safe' }));
    let ms = 0;
    const guard = observedGuard(scripted.guard, { metrics, now: () => (ms += 250) });
    const safety = { guard, policy: DEFAULT_POLICY, path: 'both', refusal: REFUSAL } as const;
    const app = testApp(
      { steps: ['BAD'] },
      { safety, metrics, wrap: (engine) => createGuardedEngine(engine, safety) },
    );
    for (const content of ['BAD', 'fine']) await app.chat({ messages: [{ role: 'user', content }] });

    const families = readExposition(await (await app.app.request('/metrics')).text());
    const counted = families.get('cria_guard_judgements_total')!.samples;
    expect(
      counted.map(({ labels, value }) => [labels.direction, labels.reason, labels.flagged, value]),
    ).toEqual([
      ['input', 'unsafe', 'true', 1],
      ['input', 'safe', 'false', 1],
      ['output', 'unsafe', 'true', 1],
    ]);
    const named = families.get('cria_guard_flagged_categories_total')!.samples;
    expect(named.map(({ labels, value }) => [labels.direction, labels.category, value])).toEqual([
      ['input', 'S9', 1],
      ['output', 'S9', 1],
    ]);
    const spent = families.get('cria_guard_judgement_seconds')!.samples;
    const sum = spent.find(({ name, labels }) => name.endsWith('_sum') && labels.direction === 'input');
    expect(sum!.value).toBe(0.5);
  });

  test('that cannot judge is counted as an error, and stays an error', async () => {
    const metrics = createMetrics();
    const { guard } = scriptedGuard(() => ({ answer: 'safe' }));
    const broken = { ...guard, judge: () => Promise.reject(new UnfitGuardError('broken')) };
    const one = observedGuard(broken, { metrics, now: () => 0 });
    const request = { messages: [], policy: DEFAULT_POLICY, scores: false };
    await expect(one.judge(request, new AbortController().signal)).rejects.toThrow(UnfitGuardError);
    const { app } = testApp({}, { metrics });
    expect(await (await app.request('/metrics')).text()).toContain(
      'cria_guard_judgements_total{direction="input",reason="error",flagged="false"} 1',
    );
  });
});

test('what takes too long has a line of its own in the log: a request, or its completion when it is streamed', async () => {
  const app = testApp({}, { slowMs: 1000 });
  const reply = app.app.request('/v1/models');
  app.clock.ms += 1000;
  await reply;
  const stream = await app.chat({ stream: true });
  app.clock.ms += 1500;
  await events(stream);
  await app.chat();
  expect(app.logs.filter(({ event }) => event === 'slow')).toEqual([
    { event: 'slow', requestId: 'id-1', method: 'GET', path: '/v1/models', status: 200, ms: 1000 },
    expect.objectContaining({ event: 'slow', model: MODEL, totalMs: 1500, completionTokens: 2 }),
  ]);
});
