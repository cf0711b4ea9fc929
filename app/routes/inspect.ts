import type { Context } from 'hono';
import { listOperations } from '../openapi.ts';
import { parse } from '../parse.ts';
import { PROVIDER_TYPE } from '../provider.ts';
import { type RouteList, RoutesQuery } from '../schemas/inspect.ts';

/** What is served under /v1, in Llama Stack's words. */
export const listRoutes = (c: Context) => {
  const { api_filter: level = 'v1' } = parse(RoutesQuery, c.req.query());
  const routes = listOperations().filter(({ path }) => path.startsWith(`/${level}/`));
  return c.json({
    data: routes.map(({ method, path }) => ({ route: path, method, provider_types: [PROVIDER_TYPE] })),
  } satisfies RouteList);
};
