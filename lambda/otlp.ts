/**
 * Brings a process' spans to an OTLP collector. A file of its own, loaded only where one is named: most servers have none.
 * The exporter itself reads OTEL_EXPORTER_OTLP_ENDPOINT, _HEADERS and the like.
 */
import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

export interface OtlpOptions {
  readonly service: string;
  readonly version: string;
}

/** Registers it for all of this process. Returns what sends the last of them. */
export function startOtlp({ service, version }: OtlpOptions): () => Promise<void> {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.version': version }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  trace.setGlobalTracerProvider(provider);
  return () => provider.shutdown();
}
