import * as z from 'zod';
import { secretName } from './site-fields.ts';

/** How those who run it see what it does. */
export const observability = z.strictObject({
  /** For the Prometheus Operator, on Kubernetes. */
  serviceMonitor: z.boolean().default(false),
  /** Whether the gateway's /metrics needs a key, where there are keys. By default `open` with a serviceMonitor, which has none. */
  metrics: z.enum(['key', 'open']).optional(),
  /** From which on a request has a line of its own in its server's log; 0: none has. */
  slowSeconds: z.int().min(0).max(3600).default(30),
  /** Where spans go. Nowhere when absent. */
  tracing: z
    .strictObject({
      /** A collector that speaks OTLP over HTTP; spans go to /v1/traces below it. */
      endpoint: z
        .url({ protocol: /^https?$/, error: "write the collector's URL, http://host:4318" })
        .refine((url) => !/\/\/[^/]*@/.test(url), 'a key is a secret: write its name in headers'),
      /** The share of traces that is kept, of those that no client has begun. */
      sample: z.number().min(0).max(1).default(1),
      /** The secret that holds headers for it: `authorization=Bearer …`, several with commas between. */
      headers: secretName.optional(),
    })
    .optional(),
});
