/** Where spans go, as OpenTelemetry's own variables. */
import type { Site } from './site.ts';
import type { Workload } from './workload.ts';

/** The workload, told where its spans go, if it can send any. */
export function traced(site: Site, workload: Workload): Workload {
  const { tracing } = site.observability;
  if (tracing === undefined || whyUntraced(site, workload) !== undefined) return workload;
  const { endpoint, sample, headers } = tracing;
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_SERVICE_NAME: `cria-${site.name}-${workload.name}`,
    ...(sample < 1
      ? { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: String(sample) }
      : {}),
  };
  const secrets = headers === undefined ? [] : [{ env: 'OTEL_EXPORTER_OTLP_HEADERS', secret: headers }];
  return {
    ...workload,
    env: { ...workload.env, ...env },
    secrets: [...workload.secrets, ...secrets],
  };
}

/** Undefined when it sends spans, if it is told where to. */
function whyUntraced({ setup, cloud }: Site, { kind }: Workload): string | undefined {
  switch (kind) {
    case 'edge':
      return 'workerd has no exporter';
    case 'gpu':
      return 'SGLang has an exporter of its own';
    case 'gateway':
      return setup === 'cloud' && cloud.frontDoor !== 'container'
        ? 'a function has no exporter: write cloud.frontDoor: container'
        : undefined;
    case 'node':
      return undefined;
  }
}

/** Of a site that wants spans: who sends none, and why. */
export function tracingNotes(site: Site, workloads: readonly Workload[]): string[] {
  if (site.observability.tracing === undefined) return [];
  return workloads.flatMap((workload) => {
    const why = whyUntraced(site, workload);
    return why === undefined ? [] : [`${workload.name} sends no spans: ${why}`];
  });
}
