import type { Context } from 'hono';
import type { Deps } from '../deps.ts';
import { UnknownProviderError } from '../errors.ts';
import { PROVIDER_ID, PROVIDER_TYPE } from '../provider.ts';
import type { Provider, ProviderList } from '../schemas/inspect.ts';

type ProviderDeps = Pick<Deps, 'engine' | 'place'>;

export const listProviders = (deps: ProviderDeps) => (c: Context) =>
  c.json({ data: [describe(deps)] } satisfies ProviderList);

export const retrieveProvider = (deps: ProviderDeps) => (c: Context<object, '/:id'>) => {
  const id = c.req.param('id');
  if (id !== PROVIDER_ID) throw new UnknownProviderError(id, [PROVIDER_ID]);
  return c.json(describe(deps));
};

function describe({ engine, place }: ProviderDeps): Provider {
  return {
    api: 'inference',
    provider_id: PROVIDER_ID,
    provider_type: PROVIDER_TYPE,
    config: place,
    health: { status: engine.stats().state === 'failed' ? 'Error' : 'OK' },
  };
}
