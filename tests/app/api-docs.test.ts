/** docs/api.md says what is so: each route and error code is in it, and each of its requests is answered. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { listOperations } from '../../app/openapi.ts';
import { CATALOGUE } from '../../models/catalogue.ts';
import { SCRIPTED_MODEL } from '../support/scripted-engine.ts';
import { testApp } from '../support/test-app.ts';

const docs = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
const model = { ...SCRIPTED_MODEL, id: CATALOGUE[0]!.id };
const { app } = testApp({ models: [model], steps: ['{"name":"Jane","age":3}'] });

const requests = [...docs.matchAll(/^curl (?:-N )?'?localhost:8787(\S+?)'?(?: -d '([^']+)')?$/gm)]
  .map(([, path, body]) => ({ path: path!, body }))
  .filter(({ path, body }) => !`${path}${body}`.includes('file-…')); // an id of the reader's own

test('it has a request for each route that is asked with a body', () => {
  const asked = requests.filter(({ body }) => body !== undefined).map(({ path }) => path);
  for (const route of ['/chat/completions', '/completions', '/responses', '/conversations', '/embeddings'])
    expect(asked).toContain(`/v1${route}`);
});

test.each(requests)('$path answers $body', async ({ path, body }) => {
  const reply = await app.request(path, body === undefined ? {} : { method: 'POST', body });
  expect(reply.status).toBe(200);
  await reply.text();
});

test('it names every path', () => {
  const missing = listOperations().filter(({ path }) => {
    const [, version, family, ...rest] = path.split('/');
    const start = family === undefined ? `/${version}` : `/${version}/${family}`;
    return !docs.includes(start) || (rest.length > 0 && !docs.includes(`/${rest.at(-1)}`));
  });
  expect(missing).toEqual([]);
});

test('it names every error code', () => {
  const source = readFileSync(new URL('../../app/errors.ts', import.meta.url), 'utf8');
  const table = source.slice(source.indexOf('const CODES'), source.indexOf('const INTERNAL'));
  const codes = [...table.matchAll(/^ {2}(\w+):/gm)].map(([, code]) => code!);
  expect(codes.length).toBeGreaterThan(15);
  expect(codes.filter((code) => !docs.includes(`\`${code}\``))).toEqual([]);
});
