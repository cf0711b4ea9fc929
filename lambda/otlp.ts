/**
 * Brings a process' spans to an OTLP collector. A file of its own, loaded only where one is named: most servers have none.
 * The exporter itself reads OTEL_EXPORTER_OTLP_ENDPOINT, _HEADERS and the like.
 */
import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';

export interface OtlpOptions {
  readonly service: string;
  readonly version: string;
  /** By OpenTelemetry's names: which traces are kept. By default all that nobody before has left out. */
  readonly sampler?: string | undefined;
  readonly ratio: number; // of sampler traceidratio
}

/** Registers it for all of this process. Returns what sends the last of them. */
export function startOtlp({ service, version, sampler, ratio }: OtlpOptions): () => Promise<void> {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.version': version }),
    sampler: samplerOf(sampler, ratio),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  trace.setGlobalTracerProvider(provider);
  return () => provider.shutdown();
}

function samplerOf(name = 'parentbased_always_on', ratio: number): Sampler {
  const root = name.endsWith('always_off')
    ? new AlwaysOffSampler()
    : name.endsWith('traceidratio')
      ? new TraceIdRatioBasedSampler(ratio)
      : new AlwaysOnSampler();
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}
