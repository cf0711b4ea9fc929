/**
 * What we write of kinds that Kubernetes itself does not have, field by field; any other field is an error.
 *
 * Source   gateway-api v1.2, config/crd/standard/gateway.networking.k8s.io_httproutes.yaml;
 *          prometheus-operator v0.78, monitoring.coreos.com_servicemonitors.yaml
 */
import * as z from 'zod';

const metadata = z.strictObject({
  name: z
    .string()
    .max(63)
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/),
  namespace: z.string(),
  labels: z.record(z.string(), z.string().max(63)),
});

export const HttpRoute = z.strictObject({
  apiVersion: z.literal('gateway.networking.k8s.io/v1'),
  kind: z.literal('HTTPRoute'),
  metadata,
  spec: z.strictObject({
    parentRefs: z.array(z.strictObject({ name: z.string(), namespace: z.string().optional() })).max(32),
    hostnames: z.array(z.hostname()).max(16).optional(),
    rules: z
      .array(
        z.strictObject({
          matches: z.array(
            z.strictObject({
              path: z.strictObject({
                type: z.enum(['Exact', 'PathPrefix', 'RegularExpression']),
                value: z.string(),
              }),
            }),
          ),
          backendRefs: z.array(z.strictObject({ name: z.string(), port: z.int().min(1).max(65_535) })),
          timeouts: z.strictObject({ request: z.string().regex(/^([0-9]{1,5}(h|m|s|ms)){1,4}$/) }),
        }),
      )
      .min(1)
      .max(16),
  }),
});

export const ServiceMonitor = z.strictObject({
  apiVersion: z.literal('monitoring.coreos.com/v1'),
  kind: z.literal('ServiceMonitor'),
  metadata,
  spec: z.strictObject({
    selector: z.strictObject({ matchLabels: z.record(z.string(), z.string()) }),
    endpoints: z.array(
      z.strictObject({
        port: z.string(),
        path: z.string().startsWith('/'),
        interval: z.string().regex(/^\d+s$/),
      }),
    ),
  }),
});
