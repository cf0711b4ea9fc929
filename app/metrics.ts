// What /metrics shows. Names are vLLM's where the meaning is the same, ours (`cria_`) elsewhere.
import type { EngineStats } from '../engine/engine.ts';
import { createCounter, createHistogram, sample } from './prometheus.ts';
import type { Readiness } from './readiness.ts';
import { VERSION } from './version.ts';

/** How one completion went. Times in milliseconds since the request was read. */
export interface CompletionTimes {
  readonly model: string;
  readonly outcome: 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'aborted' | 'error';
  readonly firstTextMs: number | undefined;
  readonly totalMs: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** As asked for; undefined: as many as there is room for. */
  readonly maxTokens: number | undefined;
  /** Waiting for a place, reading the prompt, and writing: as far as it has come. */
  readonly queueMs?: number;
  readonly prefillMs?: number;
  readonly decodeMs?: number;
}

/** How one judgement of the guard went. */
export interface JudgementTimes {
  readonly direction: 'input' | 'output';
  /** As the verdict says; `error`: there was none. */
  readonly reason: 'safe' | 'unsafe' | 'excluded' | 'unknown' | 'empty' | 'error';
  readonly flagged: boolean;
  readonly categories: readonly string[];
  readonly ms: number;
}

/** A number of the process or the platform, under Prometheus' own name for it. */
export interface PlatformSample {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly value: number;
}

export interface Metrics {
  countRequest(method: string, route: string, status: number): void;
  /** A request that was turned away to come again later, by the code it was told. */
  countTurnedAway(code: string): void;
  observeCompletion(times: CompletionTimes): void;
  observeJudgement(times: JudgementTimes): void;
  render(now: Snapshot): string;
}

/** What is not counted but looked at. */
export interface Snapshot {
  readonly stats: EngineStats;
  readonly readiness: Readiness;
  readonly platform: readonly PlatformSample[];
}

// Seconds. From a browser's GPU to a 135M model in one slow isolate.
const FIRST_TOKEN = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const PER_TOKEN = [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5];
const END_TO_END = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600];

const PHASE = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const TOKENS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];

const STATES = ['loading', 'ready', 'draining', 'failed'] as const;

/** In vLLM's words, which has no guard. */
const FINISHED = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'stop',
  content_filter: 'content_filter',
} as const;

/** Counts since this app was built: one set for each process or isolate. */
export function createMetrics(): Metrics {
  const requests = createCounter('cria_http_requests_total', 'HTTP requests answered.');
  const outcomes = createCounter('cria_completions_total', 'Completions, by how they ended.');
  const turnedAway = createCounter(
    'cria_rate_limited_total',
    'Requests answered with 429, by why: a limit, or a full queue.',
  );
  const firstToken = createHistogram(
    'vllm:time_to_first_token_seconds',
    'From the request to its first text.',
    FIRST_TOKEN,
  );
  const perToken = createHistogram(
    'vllm:request_time_per_output_token_seconds',
    'Mean time between the tokens of a request, after its first text.',
    PER_TOKEN,
  );
  const endToEnd = createHistogram(
    'vllm:e2e_request_latency_seconds',
    'From the request to the end of its completion.',
    END_TO_END,
  );

  const finished = createCounter(
    'vllm:request_success_total',
    'Requests that came to their end, by its reason.',
  );
  const queue = createHistogram('vllm:request_queue_time_seconds', 'Waiting for a place to compute.', PHASE);
  const prefill = createHistogram(
    'vllm:request_prefill_time_seconds',
    'From a place to the first token.',
    PHASE,
  );
  const decode = createHistogram(
    'vllm:request_decode_time_seconds',
    'From the first token to the last.',
    PHASE,
  );
  const inference = createHistogram('vllm:request_inference_time_seconds', 'From a place to the end.', PHASE);
  const promptTokens = createHistogram('vllm:request_prompt_tokens', 'Tokens of a prompt.', TOKENS);
  const generated = createHistogram('vllm:request_generation_tokens', 'Tokens of a reply.', TOKENS);
  const asked = createHistogram(
    'vllm:request_params_max_tokens',
    'The most tokens a request asks for.',
    TOKENS,
  );
  const judged = createCounter(
    'cria_guard_judgements_total',
    'Judgements of the guard, by what was judged and found.',
  );
  const categories = createCounter('cria_guard_flagged_categories_total', 'Categories that the guard named.');
  const judging = createHistogram('cria_guard_judgement_seconds', 'A judgement of the guard.', PHASE);

  return {
    countRequest: (method, route, status) => requests.add({ method, route, status: String(status) }),

    countTurnedAway: (code) => turnedAway.add({ code }),

    observeCompletion({ model, outcome, firstTextMs, totalMs, completionTokens, ...more }) {
      outcomes.add({ model_name: model, outcome });
      const labels = { model_name: model };
      if (more.queueMs !== undefined) queue.observe(labels, more.queueMs / 1000);
      if (more.maxTokens !== undefined) asked.observe(labels, more.maxTokens);
      promptTokens.observe(labels, more.promptTokens);
      if (outcome === 'aborted' || outcome === 'error') return; // a time cut short would flatter

      finished.add({ ...labels, finished_reason: FINISHED[outcome] });
      generated.observe(labels, completionTokens);
      if (more.prefillMs !== undefined && more.decodeMs !== undefined) {
        prefill.observe(labels, more.prefillMs / 1000);
        decode.observe(labels, more.decodeMs / 1000);
        inference.observe(labels, (more.prefillMs + more.decodeMs) / 1000);
      }
      endToEnd.observe(labels, totalMs / 1000);
      if (firstTextMs === undefined) return;
      firstToken.observe(labels, firstTextMs / 1000);
      if (completionTokens > 1)
        perToken.observe(labels, (totalMs - firstTextMs) / 1000 / (completionTokens - 1));
    },

    observeJudgement({ direction, reason, flagged, categories: named, ms }) {
      judged.add({ direction, reason, flagged: String(flagged) });
      if (flagged) for (const category of named) categories.add({ direction, category });
      if (reason !== 'error') judging.observe({ direction }, ms / 1000);
    },

    render: ({ stats, readiness, platform }) =>
      [
        `# HELP cria_build_info 1, and which version this is.\n# TYPE cria_build_info gauge\ncria_build_info{version="${VERSION}"} 1\n`,
        sample('vllm:num_requests_running', 'gauge', 'Requests being answered.', stats.running),
        sample('vllm:num_requests_waiting', 'gauge', 'Requests in the queue.', stats.waiting),
        sample('vllm:prompt_tokens_total', 'counter', 'Prompt tokens read.', stats.promptTokens),
        sample('vllm:generation_tokens_total', 'counter', 'Tokens generated.', stats.completionTokens),
        sample(
          'vllm:prefix_cache_queries_total',
          'counter',
          'Prompt tokens looked for in the prefix cache.',
          stats.prefixQueries,
        ),
        sample(
          'vllm:prefix_cache_hits_total',
          'counter',
          'Prompt tokens found there, and not read again.',
          stats.prefixHits,
        ),
        sample('cria_engine_accepted_total', 'counter', 'Requests the engine took on.', stats.requests),
        sample('cria_engine_rejected_total', 'counter', 'Requests with no place to wait.', stats.rejected),
        sample('cria_engine_aborted_total', 'counter', 'Requests whose reader left.', stats.aborted),
        sample('cria_engine_failed_total', 'counter', 'Accepted requests that an error ended.', stats.failed),
        sample('cria_engine_steps_total', 'counter', 'Passes over the weights.', stats.steps),
        sample(
          'vllm:spec_decode_num_draft_tokens_total',
          'counter',
          'Tokens guessed, and checked in a pass.',
          stats.draftTokens,
        ),
        sample(
          'vllm:spec_decode_num_accepted_tokens_total',
          'counter',
          'Guessed tokens that were right.',
          stats.acceptedTokens,
        ),
        sample('cria_device_bytes', 'gauge', 'Device memory in use.', stats.deviceBytes),
        sample(
          'vllm:kv_cache_usage_perc',
          'gauge',
          'Positions filled in the caches of running requests, of all that their places may have. 1 is full.',
          stats.cacheCapacity === 0 ? 0 : stats.cachePositions / stats.cacheCapacity,
        ),
        sample('cria_load_bytes', 'gauge', 'Weights read.', readiness.load.bytes),
        sample('cria_load_expected_bytes', 'gauge', 'Weights to read.', readiness.load.totalBytes),
        ...platform.map(({ name, type, help, value }) => sample(name, type, help, value)),
        ...STATES.map((state) =>
          sample(
            `cria_engine_${state}`,
            'gauge',
            `1 when the server is ${state}.`,
            Number(readiness.state === state),
          ),
        ),
        requests.render(),
        outcomes.render(),
        turnedAway.render(),
        firstToken.render(),
        perToken.render(),
        endToEnd.render(),
        ...[finished, queue, prefill, decode, inference, promptTokens, generated, asked].map((one) =>
          one.render(),
        ),
        ...[judged, categories, judging].map((one) => one.render()),
      ].join(''),
  };
}
