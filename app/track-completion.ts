import type { Completion, CompletionRequest, Part, Usage } from '../engine/engine.ts';
import type { Deps } from './deps.ts';
import type { CompletionTimes, Metrics } from './metrics.ts';
import { addSpan, type RequestTrace } from './tracing.ts';

export interface TrackOptions {
  readonly deps: Pick<Deps, 'now' | 'log'> & { readonly metrics: Metrics; readonly slowMs: number };
  readonly requestId: string;
  readonly trace: Pick<RequestTrace, 'context'>;
  readonly request: CompletionRequest;
  readonly startedAt: number; // Unix milliseconds
  readonly signal: AbortSignal;
  /** It has failed, or its reader has left. */
  readonly stop: (reason?: unknown) => void;
  readonly onEnd: () => void;
}

export interface TrackedCompletion {
  readonly parts: AsyncIterable<Part>;
  /** For one whose parts nobody reads to their end. */
  end(outcome: CompletionTimes['outcome']): void;
}

/** A completion's parts, whose times and end are measured, logged and traced. Once, however it ends. */
export function trackCompletion(completion: Completion, options: TrackOptions): TrackedCompletion {
  const { deps, requestId, request, startedAt, signal, stop, onEnd } = options;
  const { model, promptTokens } = completion;
  const calls: { readonly name: string; readonly atMs: number }[] = [];
  let firstTextMs: number | undefined;
  let usage: Usage | undefined; // known only when the completion comes to its end
  let ended = false;

  function end(outcome: CompletionTimes['outcome']): void {
    if (ended) return;
    ended = true;

    const now = deps.now();
    const phases = phasesOf(completion, now);
    const times: CompletionTimes = {
      ...{ model, outcome, firstTextMs, promptTokens, maxTokens: request.maxTokens },
      totalMs: now - startedAt,
      completionTokens: usage?.completionTokens ?? 0,
      ...(phases.started === undefined ? {} : { queueMs: phases.started - phases.entered! }),
      ...(phases.first === undefined
        ? {}
        : { prefillMs: phases.first - phases.started!, decodeMs: now - phases.first }),
    };
    deps.metrics.observeCompletion(times);
    const line = logLine(times, usage);
    deps.log({ event: 'completion', requestId, ...line });
    if (deps.slowMs > 0 && times.totalMs >= deps.slowMs)
      deps.log({ event: 'slow', requestId, ...line, ...phaseLine(times) });
    addSpans(times, phases, now);
    onEnd();
  }

  function addSpans(times: CompletionTimes, { entered, started, first }: Phases, now: number): void {
    const isChat = request.prompt.type === 'chat';
    const { temperature, topP, seed } = request.sampling;
    const { span, context } = addSpan(`${isChat ? 'chat' : 'text_completion'} ${model}`, {
      context: options.trace.context,
      from: startedAt,
      to: now,
      attributes: {
        'gen_ai.operation.name': isChat ? 'chat' : 'text_completion',
        'gen_ai.provider.name': 'cria',
        'gen_ai.request.model': request.model,
        'gen_ai.response.model': model,
        'gen_ai.request.temperature': temperature,
        'gen_ai.request.top_p': topP,
        ...(seed === undefined ? {} : { 'gen_ai.request.seed': seed }),
        ...(request.maxTokens === undefined ? {} : { 'gen_ai.request.max_tokens': request.maxTokens }),
        'gen_ai.response.finish_reasons': [times.outcome],
        'gen_ai.usage.input_tokens': promptTokens,
        'gen_ai.usage.output_tokens': times.completionTokens,
        'cria.request.id': requestId,
        ...(times.outcome === 'error' ? { 'error.type': 'internal' } : {}),
      },
      events: calls.map(({ name, atMs }) => ({
        name: 'gen_ai.tool.call',
        attributes: { 'gen_ai.tool.name': name },
        time: atMs,
      })),
    });
    if (!span.spanContext().spanId || entered === undefined) return;
    addSpan('queue', { context, from: entered, to: started ?? now });
    if (started === undefined) return;
    addSpan('prefill', { context, from: started, to: first ?? now });
    if (first !== undefined) addSpan('decode', { context, from: first, to: now });
  }

  async function* parts(): AsyncGenerator<Part> {
    let outcome: CompletionTimes['outcome'] = 'aborted'; // what a reader who leaves makes it
    try {
      for await (const part of completion.parts) {
        if (part.type === 'tool_call') calls.push({ name: part.name, atMs: deps.now() });
        if (part.type !== 'done') firstTextMs ??= deps.now() - startedAt;
        else {
          usage = part.usage;
          outcome = part.reason;
        }
        yield part;
      }
    } catch (error) {
      outcome = signal.aborted ? 'aborted' : 'error';
      stop(error); // the others fail with its error, not with one of their own
      throw error;
    } finally {
      end(outcome);
      if (outcome === 'aborted') stop();
    }
  }
  return { parts: parts(), end };
}

/** When it came in, got a place, and had its first token; Unix milliseconds. */
interface Phases {
  readonly entered: number | undefined;
  readonly started: number | undefined;
  readonly first: number | undefined;
}

function phasesOf(completion: Completion, now: number): Phases {
  const { enteredAtMs: entered, startedAtMs: started, firstTokenAtMs: first } = completion.times?.() ?? {};
  return { entered, started, first: first === undefined ? undefined : Math.min(first, now) };
}

const logLine = (
  { model, outcome, promptTokens, firstTextMs, totalMs }: CompletionTimes,
  usage: Usage | undefined,
) => ({
  model,
  outcome,
  promptTokens,
  ...(usage === undefined ? {} : { completionTokens: usage.completionTokens }),
  ...(firstTextMs === undefined ? {} : { firstTextMs }),
  totalMs,
});

const phaseLine = ({ queueMs, prefillMs, decodeMs }: CompletionTimes) => ({
  ...(queueMs === undefined ? {} : { queueMs }),
  ...(prefillMs === undefined ? {} : { prefillMs }),
  ...(decodeMs === undefined ? {} : { decodeMs }),
});
