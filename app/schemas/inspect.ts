import * as z from 'zod';

/** Source: Llama Stack 0.7.1, RouteInfo. */
const RouteInfo = z.object({
  route: z.string(),
  method: z.string(),
  provider_types: z.array(z.string()),
});

export const RouteList = z.object({ data: z.array(RouteInfo) });
export type RouteList = z.infer<typeof RouteList>;

export const RoutesQuery = z.strictObject({
  api_filter: z
    .enum(['v1', 'v1alpha', 'v1beta', 'deprecated'])
    .optional()
    .describe('Routes of that level alone. Ours are all of v1.'),
});

/** Source: Llama Stack 0.7.1, ProviderInfo. */
export const Provider = z.object({
  api: z.string(),
  provider_id: z.string(),
  provider_type: z.string(),
  config: z.object({ runtime: z.string(), backend: z.string() }),
  health: z.object({ status: z.enum(['OK', 'Error']) }),
});
export type Provider = z.infer<typeof Provider>;

export const ProviderList = z.object({ data: z.array(Provider) });
export type ProviderList = z.infer<typeof ProviderList>;
