import type { Context } from 'hono';
import type { Engine } from '../../engine/engine.ts';
import { UnknownModelError } from '../../engine/errors.ts';
import { type Model, type ModelList, toModel } from '../schemas/models.ts';

export const listModels = (engine: Engine) => (c: Context) =>
  c.json({ object: 'list', data: engine.models().map(toModel) } satisfies ModelList);

/** Ids contain slashes, and clients send them as they are or as %2F. */
export const retrieveModel = (engine: Engine) => (c: Context<object, '/:id'>) => {
  const id = c.req.param('id');
  const model = engine.models().find((known) => known.id === id);
  if (model === undefined)
    throw new UnknownModelError(
      id,
      engine.models().map((known) => known.id),
    );

  return c.json(toModel(model) satisfies Model);
};
