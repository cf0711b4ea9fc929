import { expect, test } from 'vitest';
import * as z from 'zod';
import { accessFields, checkHost } from '../../../app/access/settings.ts';
import { readSettings } from '../../../app/settings.ts';

const Env = z.object({ HOST: z.string(), ...accessFields }).superRefine(checkHost);

test.each([
  { HOST: '127.0.0.1' },
  { HOST: '127.8.9.1' },
  { HOST: 'localhost' },
  { HOST: '::1' },
  { HOST: '[::1]' },
  { HOST: '0.0.0.0', CRIA_KEYS: 'k' },
  { HOST: '0.0.0.0', CRIA_KEYS_FILE: 'keys.json' },
  { HOST: '0.0.0.0', CRIA_AUTH: 'none' },
  { HOST: '127.0.0.1', CRIA_AUTH: 'bearer', CRIA_KEYS: 'k' },
])('$HOST is listened on: $CRIA_KEYS $CRIA_KEYS_FILE $CRIA_AUTH', (values) => {
  expect(() => readSettings(Env, values)).not.toThrow();
});

test.each([
  { HOST: '0.0.0.0', says: 'HOST: 0.0.0.0 lets other machines in, and there are no keys' },
  { HOST: '::', says: 'HOST: :: lets other machines in' },
  { HOST: '192.168.1.2', says: 'HOST: 192.168.1.2 lets' },
  { HOST: '127.0.0.1.example.org', says: 'HOST: 127.0.0.1.example.org lets' },
  { HOST: 'localhost.example.org', says: 'HOST: localhost.example.org lets' },
  { HOST: '127.0.0.1', CRIA_AUTH: 'bearer', says: 'CRIA_KEYS: no key' },
  { HOST: '0.0.0.0', CRIA_AUTH: 'bearer', CRIA_KEYS: ' , ', says: 'CRIA_KEYS: no key' },
  { HOST: '0.0.0.0', CRIA_AUTH: 'none', CRIA_KEYS: 'k', says: 'CRIA_AUTH: none lets everyone in' },
  { HOST: '127.0.0.1', CRIA_KEYS: 'k', CRIA_KEYS_FILE: 'f', says: 'CRIA_KEYS: there is CRIA_KEYS_FILE too' },
])('$HOST is refused: $says', ({ says, ...values }) => {
  expect(() => readSettings(Env, values)).toThrow(says);
});
