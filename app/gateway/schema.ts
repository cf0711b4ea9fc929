import * as z from 'zod';

const name = z.string().regex(/^[a-z]([a-z0-9-]*[a-z0-9])?$/);

const backend = z.strictObject({
  name,
  /** Where its API is, `/v1` included. */
  url: z.url({ protocol: /^https?$/ }),
  /** The model as it knows it. */
  model: z.string().min(1),
  /** Where it says how it is; a path beside `/v1`. Without one it is taken to be well until a request fails. */
  health: z.string().startsWith('/').optional(),
  /** The variable with the key it wants. */
  key: z.string().min(1).optional(),
});

const route = z.strictObject({
  /** The model as clients name it. */
  model: z.string().min(1),
  to: z.array(z.strictObject({ backend: name, weight: z.number().min(0) })).min(1),
  overflow: z.array(name),
  contextLength: z.int().positive(),
  licence: z.string(),
});

/** Who answers what: the plan writes it, the gateway reads it. */
export const Routes = z
  .strictObject({
    backends: z.array(backend).min(1),
    routes: z.array(route).min(1),
    /** Who keeps files, responses, conversations and batches. */
    keeper: name.optional(),
    /** Who judges: moderations and shields. The keeper when absent. */
    judge: name.optional(),
  })
  .superRefine(({ backends, routes, keeper, judge }, { addIssue }) => {
    const known = new Set(backends.map((one) => one.name));
    const used = routes.flatMap(({ to, overflow }) => [...to.map((one) => one.backend), ...overflow]);
    for (const one of [...used, ...[keeper, judge].filter((each) => each !== undefined)])
      if (!known.has(one)) addIssue({ code: 'custom', message: `there is no backend '${one}'` });
  });

export type Routes = z.infer<typeof Routes>;
export type Route = Routes['routes'][number];
export type Backend = Routes['backends'][number];
