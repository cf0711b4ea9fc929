import { describe, expect, test } from 'vitest';
import { createCounter, createHistogram } from '../../app/prometheus.ts';
import { events, MODEL, testApp } from '../support/test-app.ts';

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
});
