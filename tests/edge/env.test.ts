import { expect, test } from 'vitest';
import { Vars } from '../../edge/env.ts';
import { readVars } from '../../scripts/wrangler-toml.ts';

test('a setting that nobody names is what wrangler.toml says: workerd by itself reads no wrangler.toml', () => {
  const named = readVars({});
  expect(Object.keys(named).length).toBeGreaterThan(10);
  expect(Vars.parse(named)).toEqual(Vars.parse({}));
});
