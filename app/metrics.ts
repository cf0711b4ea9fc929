// What /metrics shows. Names are vLLM's where the meaning is the same, ours (`cria_`) elsewhere.
import type { EngineStats } from '../engine/engine.ts';
import { createCounter, createHistogram, sample } from './prometheus.ts';

/** How one completion went. Times in milliseconds since the request was read. */
export interface CompletionTimes {
  readonly model: string;
  readonly outcome: 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'aborted' | 'error';
  readonly firstTextMs: number | undefined;
  readonly totalMs: number;
  readonly completionTokens: number;
}

export interface Metrics {
  countRequest(method: string, route: string, status: number): void;
  observeCompletion(times: CompletionTimes): void;
  render(stats: EngineStats): string;
}

// Seconds. From a browser's GPU to a 135M model in one slow isolate.
const FIRST_TOKEN = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const PER_TOKEN = [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5];
const END_TO_END = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600];

const STATES = ['loading', 'ready', 'failed'] as const;

/** Counts since this app was built: one set for each process or isolate. */
export function createMetrics(): Metrics {
  const requests = createCounter('cria_http_requests_total', 'HTTP requests answered.');
  const outcomes = createCounter('cria_completions_total', 'Completions, by how they ended.');
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

  return {
    countRequest: (method, route, status) => requests.add({ method, route, status: String(status) }),

    observeCompletion({ model, outcome, firstTextMs, totalMs, completionTokens }) {
      outcomes.add({ model_name: model, outcome });
      if (outcome === 'aborted' || outcome === 'error') return; // a time cut short would flatter

      const labels = { model_name: model };
      endToEnd.observe(labels, totalMs / 1000);
      if (firstTextMs === undefined) return;
      firstToken.observe(labels, firstTextMs / 1000);
      if (completionTokens > 1)
        perToken.observe(labels, (totalMs - firstTextMs) / 1000 / (completionTokens - 1));
    },

    render: (stats) =>
      [
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
        ...STATES.map((state) =>
          sample(
            `cria_engine_${state}`,
            'gauge',
            `1 when the engine is ${state}.`,
            Number(stats.state === state),
          ),
        ),
        requests.render(),
        outcomes.render(),
        firstToken.render(),
        perToken.render(),
        endToEnd.render(),
      ].join(''),
  };
}
