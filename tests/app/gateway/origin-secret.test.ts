import { expect, test } from 'vitest';
import { ORIGIN_HEADER, withOriginSecret } from '../../../app/gateway/origin-secret.ts';
import { says, setUp } from '../../support/gateway-setup.ts';

const SECRET = 'what-only-cloudfront-says-1234567';
const OLDER = 'what-only-cloudfront-said-before-that';

/** The gateway as a door serves it, and all that was logged. */
function behindFront() {
  const logs: object[] = [];
  const { app, asked } = setUp({ near: says('Hello!') }, { log: (event) => logs.push(event) });
  const fetch = withOriginSecret(app.fetch, { secrets: [SECRET, OLDER], newId: () => 'id-1' });
  const ask = async (said: string | undefined, path = '/v1/chat/completions') =>
    fetch(
      new Request(`http://gateway${path}`, {
        ...(path.endsWith('completions')
          ? { method: 'POST', body: '{"model": "llama", "messages": []}' }
          : {}),
        headers: said === undefined ? {} : { [ORIGIN_HEADER]: said },
      }),
    );
  return { ask, asked, logs };
}

test.each([
  { who: 'who says nothing', said: undefined },
  { who: 'who says nothing in the header', said: '' },
  { who: 'who says something else', said: `${SECRET}x` },
  { who: 'who says a part', said: SECRET.slice(0, -1) },
  { who: 'who says both at once', said: `${SECRET},${OLDER}` },
])('withOriginSecret() refuses $who, in the shape of the API, before anything is read', async ({ said }) => {
  const { ask, asked, logs } = behindFront();
  for (const path of ['/v1/chat/completions', '/v1/health', '/v1/models', '/metrics', '/nothing']) {
    const reply = await ask(said, path);
    expect([reply.status, reply.headers.get('x-request-id')], path).toEqual([403, 'id-1']);
    expect(await reply.json(), path).toEqual({
      error: {
        message: "this address is not for clients: ask the site's own",
        type: 'invalid_request_error',
        param: null,
        code: 'direct_access',
      },
      status: 403,
      title: 'Forbidden',
      detail: "this address is not for clients: ask the site's own",
    });
  }
  expect(asked).toEqual([]);
  expect(logs).toEqual([]);
});

test('withOriginSecret() leaves the body of whom it refuses unread', async () => {
  const { ask } = behindFront();
  const request = new Request('http://gateway/v1/chat/completions', { method: 'POST', body: '{}' });
  const fetch = withOriginSecret(() => ask(SECRET), { secrets: [SECRET], newId: () => 'id-1' });
  expect((await fetch(request)).status).toBe(403);
  expect(request.bodyUsed).toBe(false);
});

test.each([SECRET, OLDER])(
  'withOriginSecret() lets in who says any of them, and repeats it to nobody',
  async (said) => {
    const { ask, asked, logs } = behindFront();
    const reply = await ask(said);
    expect([reply.status, await reply.json()]).toEqual([200, { text: 'Hello!' }]);
    expect(logs).toHaveLength(1);
    const told = JSON.stringify([
      logs,
      asked.map(({ headers, body }) => [[...headers], body]),
      [...reply.headers],
    ]);
    expect(told).not.toContain(said);
  },
);

test('withOriginSecret() is the app itself where there is no secret', () => {
  const { app } = setUp({});
  expect(withOriginSecret(app.fetch, { secrets: undefined, newId: () => 'id' })).toBe(app.fetch);
});
