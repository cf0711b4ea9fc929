import type { Context } from 'hono';
import { UnknownModelError } from '../../engine/errors.ts';
import type { AppEnv, RunDeps } from '../run.ts';
import { type Model, type ModelList, toModel } from '../schemas/models.ts';

export const listModels =
  ({ engineFor }: RunDeps) =>
  (c: Context<AppEnv>) =>
    c.json({ object: 'list', data: engineFor(c).models().map(toModel) } satisfies ModelList);

/** Ids contain slashes, and clients send them as they are or as %2F. */
export const retrieveModel =
  ({ engineFor }: RunDeps) =>
  (c: Context<AppEnv, '/:id'>) => {
    const id = c.req.param('id');
    const models = engineFor(c).models();
    const model = models.find((known) => known.id === id);
    if (model === undefined)
      throw new UnknownModelError(
        id,
        models.map((known) => known.id),
      );

    return c.json(toModel(model) satisfies Model);
  };
