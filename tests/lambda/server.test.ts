import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('the server names every setting that is wrong, and does not start', () => {
  const { status, stderr } = spawnSync(process.execPath, ['lambda/server.ts'], {
    env: { CRIA_THREADS: 'many', CRIA_CONTEXT: '1' },
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^CRIA_CONTEXT: .*>=16$/m);
  expect(stderr).toMatch(/^CRIA_THREADS: .*number/m);
  expect(stderr).not.toContain('lambda/server.ts'); // no stack
});

test('as a Web Function it lets nobody in whom no one has let in, on whatever it listens', () => {
  const { status, stderr } = spawnSync(process.execPath, ['lambda/server.ts'], {
    env: { AWS_LAMBDA_HTTP_ENDPOINT: '127.0.0.1:0' },
    timeout: 20_000, // it would run for ever
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain('HOST: a function lets other machines in, and there are no keys');
});
