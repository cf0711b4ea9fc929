// Spans through OpenTelemetry's API alone: whoever runs the server registers what keeps them, or nobody does. Names of
// attributes are those of its semantic conventions for HTTP and for generative AI. No span has a prompt, a reply or a key.
import {
  type Attributes,
  type Context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

/** The trace of one request. */
export interface RequestTrace {
  /** Whose child it is that something is done for the request. */
  readonly context: Context;
  readonly span: Span;
  /** Keeps it open beyond the reply's head. Returns what to call when that is done. */
  hold(): () => void;
}

/** Of a request that is not traced. */
export const UNTRACED: RequestTrace = {
  context: ROOT_CONTEXT,
  span: trace.wrapSpanContext(INVALID_SPAN_CONTEXT),
  hold: () => () => {},
};

const tracer = () => trace.getTracer('cria');

/** Begins a request's span, as a child of the one its client names. */
export function beginRequest(traceparent: string | undefined, method: string, startTime: number) {
  const parent = parentOf(traceparent);
  const span = tracer().startSpan(
    method,
    { kind: SpanKind.SERVER, startTime, attributes: { 'http.request.method': method } },
    parent,
  );
  let holders = 1;
  const release = (nowMs: () => number) => {
    if (--holders === 0) span.end(nowMs());
  };
  return {
    context: trace.setSpan(parent, span),
    span,
    holdUntil(nowMs: () => number): () => void {
      if (holders === 0) return () => {}; // it is over
      holders++;
      let isHeld = true;
      return () => {
        if (isHeld) release(nowMs);
        isHeld = false;
      };
    },
    release,
  };
}

/** A span that is over: its times are known only now. */
export function addSpan(
  name: string,
  { context, from, to, attributes = {}, events = [] }: PastSpan,
): { readonly span: Span; readonly context: Context } {
  const span = tracer().startSpan(name, { startTime: from, attributes }, context);
  for (const event of events) span.addEvent(event.name, event.attributes, event.time);
  if (attributes['error.type'] !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(to);
  return { span, context: trace.setSpan(context, span) };
}

export interface PastSpan {
  readonly context: Context;
  readonly from: number; // Unix milliseconds
  readonly to: number;
  readonly attributes?: Attributes;
  readonly events?: readonly {
    readonly name: string;
    readonly attributes: Attributes;
    readonly time: number;
  }[];
}

/** The kind of an error, and not its message, which may quote what the client sent. */
export const errorType = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'internal';

/** Source: W3C Trace Context, level 1 */
export function traceparentOf({ span }: Pick<RequestTrace, 'span'>): string | undefined {
  const context = span.spanContext();
  if (!isSpanContextValid(context)) return undefined; // nobody traces
  const { traceId, spanId, traceFlags } = context; // one that is not kept says so: the next keeps none of it either
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

function parentOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId!)) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags!, 16);
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: spanId!, traceFlags, isRemote: true });
}

/** Which request something is done for: all that is done for it has its signal, and nothing else of it. */
const bySignal = new WeakMap<AbortSignal, Context>();

export const bindSignal = (signal: AbortSignal, context: Context): void => void bySignal.set(signal, context);
export const contextOf = (signal: AbortSignal): Context => bySignal.get(signal) ?? ROOT_CONTEXT;
