import { expect, test } from 'vitest';
import { parseKeys } from '../../../app/access/access-key.ts';
import { testKey } from '../../support/test-keys.ts';

const HASH = 'a'.repeat(64);
const file = (...keys: object[]) => JSON.stringify({ keys });

test('a key may say all there is to say of it', () => {
  const key = {
    id: 'alice@example.org',
    sha256: HASH,
    models: ['meta-llama/Llama-3.2-1B-Instruct'],
    guard: { judge: 'both', threshold: 0.3, exclude: ['S6'], refusal: 'No.' },
    limits: { requestsPerMinute: 60, tokensPerMinute: 10_000, concurrency: 4 },
    expires: '2027-01-31T00:00:00+01:00',
  };
  expect(parseKeys(file(key))).toEqual([key]);
});

test.each([
  { what: 'no JSON', text: `{"keys": [${HASH}`, says: 'it is not JSON' },
  { what: 'no object', text: '7', says: 'the file: ' },
  { what: 'a key without a hash', text: file({ id: 'a' }), says: 'keys[0].sha256: ' },
  {
    what: 'a key in place of its hash',
    text: file({ id: 'a', sha256: 'sk-secret' }),
    says: 'keys[0].sha256: write a sha256',
  },
  { what: 'capitals in a hash', text: file({ id: 'a', sha256: 'A'.repeat(64) }), says: 'keys[0].sha256: ' },
  { what: 'an id that is none', text: file({ id: 'a b', sha256: HASH }), says: 'keys[0].id: write 1 to 64' },
  {
    what: 'an id twice',
    text: file(testKey('a'), { ...testKey('b'), id: 'a' }),
    says: 'keys[1].id: there twice',
  },
  {
    what: 'a key twice',
    text: file(testKey('a'), { ...testKey('a'), id: 'b' }),
    says: 'keys[1].sha256: there twice',
  },
  { what: 'a field that is none', text: file({ id: 'a', sha256: HASH, limit: 1 }), says: 'keys[0]: ' },
  {
    what: 'a limit of 0',
    text: file({ id: 'a', sha256: HASH, limits: { concurrency: 0 } }),
    says: 'keys[0].limits.concurrency: ',
  },
  {
    what: 'a threshold of 0',
    text: file({ id: 'a', sha256: HASH, guard: { threshold: 0 } }),
    says: 'keys[0].guard.threshold: ',
  },
  {
    what: 'a time that is none',
    text: file({ id: 'a', sha256: HASH, expires: 'soon' }),
    says: 'keys[0].expires: write a time',
  },
])('$what is refused by name', ({ text, says }) => {
  expect(() => parseKeys(text)).toThrow(says);
  expect(() => parseKeys(text)).not.toThrow('sk-secret'); // nothing of the file is quoted
  expect(() => parseKeys(text)).not.toThrow(HASH);
});
