/** Each request of docs/tasks.md is answered. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CATALOGUE } from '../../../models/catalogue.ts';
import { SCRIPTED_MODEL } from '../../support/scripted-engine.ts';
import { testApp } from '../../support/test-app.ts';

const docs = readFileSync(new URL('../../../docs/tasks.md', import.meta.url), 'utf8');
const { app } = testApp({ models: [{ ...SCRIPTED_MODEL, id: CATALOGUE[0]!.id }] });
const requests = [...docs.matchAll(/^curl (?:-N )?localhost:8787(\S+)(?: -d '([^']+)')?$/gm)].map(
  ([, path, body]) => ({ path: path!, body }),
);

test('there are some', () => expect(requests).toHaveLength(7));

test.each(requests)('$path answers $body', async ({ path, body }) => {
  const reply = await app.request(path, body === undefined ? {} : { method: 'POST', body });
  expect(reply.status).toBe(200);
  expect(await reply.text()).not.toContain('event: error');
});
