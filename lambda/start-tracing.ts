import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { VERSION } from '../app/version.ts';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** What OpenTelemetry's own clients read. Source: its SDK's environment variables. */
export const tracingFields = {
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.url().optional(),
  OTEL_SERVICE_NAME: z.string().min(1).optional(),
  OTEL_TRACES_SAMPLER: z.enum(SAMPLERS).optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1), // of those by ratio
};

type TracingSettings = z.infer<z.ZodObject<typeof tracingFields>>;

const LAST_MS = 5_000;

/**
 * Exports traces where the environment names a collector. Returns what sends the last of them, in 5 s or never.
 *
 * Throws   Error where the exporter is not beside this file: in a Lambda function's folder, whose layers bring one
 */
export async function startTracing(env: TracingSettings, service: string): Promise<() => Promise<void>> {
  if ((env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT) === undefined)
    return async () => {};

  const name = `otlp${extname(import.meta.url)}`; // .mjs where both were built
  const file = [`./${name}`, `../${name}`] // the gateway has a folder of its own
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(fileURLToPath(url)));
  if (file === undefined)
    throw new Error(`OTEL_EXPORTER_OTLP_ENDPOINT: ${name} is not there to export traces`);

  const { startOtlp }: typeof import('./otlp.ts') = await import(file.href);
  const stop = startOtlp({
    service: env.OTEL_SERVICE_NAME ?? service,
    version: VERSION,
    sampler: env.OTEL_TRACES_SAMPLER,
    ratio: env.OTEL_TRACES_SAMPLER_ARG,
  });
  return async () => {
    await Promise.race([stop().catch(() => {}), new Promise((resolve) => setTimeout(resolve, LAST_MS))]);
  };
}
