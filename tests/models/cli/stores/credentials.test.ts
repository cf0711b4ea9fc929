import { describe, expect, test } from 'vitest';
import { awsCredentials, r2Credentials } from '../../../../models/cli/stores/credentials.ts';
import { fakeHub } from '../../../support/fake-hub.ts';

const { signal } = new AbortController();

describe('awsCredentials()', () => {
  test('takes keys, and a session’s token', async () => {
    const environment = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key', AWS_SESSION_TOKEN: 'token' };
    expect(await awsCredentials(environment, signal)).toEqual({
      accessKeyId: 'id',
      secretAccessKey: 'key',
      sessionToken: 'token',
    });
  });

  test('asks for the role of a container, with its token', async () => {
    await using server = await fakeHub((request, response) =>
      request.headers.authorization === 'let me'
        ? response.end(
            JSON.stringify({
              AccessKeyId: 'id',
              SecretAccessKey: 'key',
              Token: 'token',
              Expiration: '2026-11-25T12:00:00Z',
            }),
          )
        : response.writeHead(403).end(),
    );
    const environment = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/role` };
    expect(
      await awsCredentials({ ...environment, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'let me' }, signal),
    ).toEqual({
      accessKeyId: 'id',
      secretAccessKey: 'key',
      sessionToken: 'token',
      expiresAtMs: Date.UTC(2026, 10, 25, 12),
    });
    await expect(awsCredentials(environment, signal)).rejects.toThrow('HTTP 403');
  });

  test('asks nobody else for it without TLS', async () => {
    const environment = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://203.0.113.7/role' };
    await expect(awsCredentials(environment, signal)).rejects.toThrow('203.0.113.7 is no place');
  });

  test('says what is missing', async () => {
    await expect(awsCredentials({ AWS_ACCESS_KEY_ID: 'id' }, signal)).rejects.toThrow(
      'AWS_SECRET_ACCESS_KEY',
    );
  });
});

test('r2Credentials() are not AWS’', () => {
  expect(() => r2Credentials({ AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key' })).toThrow(
    'R2_ACCESS_KEY_ID',
  );
});
