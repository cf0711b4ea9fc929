import { describe, expect, test } from 'vitest';
import { toTemplate } from '../../app/describe-operations.ts';
import { openApiDocument } from '../../app/openapi.ts';
import { type OpenApi, openApiValidator } from '../support/openapi-validator.ts';
import { MODEL, testApp } from '../support/test-app.ts';

const { app } = testApp();
const document = openApiDocument();
const validator = openApiValidator(document as unknown as OpenApi, { closed: true });

test('/openapi.json lists the routes the app has, no more and no fewer', () => {
  const served = app.routes
    .filter(({ method }) => method !== 'ALL') // middleware
    .map(({ method, path }) => `${method} ${toTemplate(path)}`);
  const listed = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(document.openapi).toBe('3.1.0');
  expect(listed.sort()).toEqual(served.sort());
});

test('every $ref in /openapi.json leads somewhere', () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref!);
  expect(refs.length).toBeGreaterThan(10);
  for (const ref of refs) {
    expect(ref).toMatch(/^#\/components\/schemas\//);
    expect(document.components.schemas).toHaveProperty(ref.slice('#/components/schemas/'.length));
  }
});

describe('/openapi.json judges requests as the app does', () => {
  const messages = [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }];
  test.each([
    [{ model: MODEL, messages }, true],
    [{ model: MODEL, messages, temperature: null, stop: ['a'], tools: [], logit_bias: {} }, true],
    [{ messages }, false],
    [{ model: MODEL, messages, n: 0 }, false],
    [{ model: MODEL, messages, foo: 1 }, false],
    [{ model: MODEL, messages, temperature: 3 }, false],
    [{ model: MODEL, messages, logit_bias: { 1: 101 } }, false],
    [{ model: MODEL, messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, false],
  ])('%j: %s', async (request, fits) => {
    const operation = validator.find('POST', '/v1/chat/completions')!;
    expect(validator.judgeBody(operation)(request) === undefined).toBe(fits);
    const reply = await app.request('/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify(request),
    });
    expect(reply.status === 200).toBe(fits);
  });
});
