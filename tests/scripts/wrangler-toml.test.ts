/** wrangler.toml as we read it is as wrangler, which deploys it, does. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unstable_readConfig } from 'wrangler';
import { readObjects, readVars, readWorker } from '../../scripts/wrangler-toml.ts';

const theirs = unstable_readConfig({ config: join(import.meta.dirname, '..', '..', 'wrangler.toml') });

test('its variables are wrangler’s, and the environment’s where it has them', () => {
  expect(readVars({})).toEqual(theirs.vars);
  const set = { CRIA_MODEL: 'other', PATH: '/bin' };
  expect(readVars(set)).toEqual({ ...theirs.vars, CRIA_MODEL: 'other' });
});

test('so are its name, compatibility, buckets and Durable Objects', () => {
  const worker = readWorker();
  expect([worker.name, worker.compatibilityDate, worker.compatibilityFlags]).toEqual([
    theirs.name,
    theirs.compatibility_date,
    theirs.compatibility_flags,
  ]);
  expect(worker.r2Buckets).toEqual({ WEIGHTS: 'cria-weights' });
  expect(theirs.r2_buckets).toMatchObject([{ binding: 'WEIGHTS', bucket_name: 'cria-weights' }]);
  const objects = Object.entries(readObjects()).map(([name, { className }]) => ({
    name,
    class_name: className,
  }));
  expect(objects).toEqual(theirs.durable_objects.bindings);
});
