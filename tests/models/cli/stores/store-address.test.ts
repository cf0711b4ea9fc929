import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError } from '../../../../models/cli/errors.ts';
import { openStore } from '../../../../models/cli/stores/open-store.ts';
import { parseStoreAddress } from '../../../../models/cli/stores/store-address.ts';

const ACCOUNT = '0123456789abcdef0123456789abcdef';

test.each([
  ['s3://weights', { type: 's3', bucket: 'weights', prefix: '' }],
  ['s3://weights/team/a/', { type: 's3', bucket: 'weights', prefix: 'team/a/' }],
  [`r2://${ACCOUNT}/weights`, { type: 'r2', account: ACCOUNT, bucket: 'weights', prefix: '' }],
  ['shared/weights', { type: 'folder', path: resolve('shared/weights') }],
  ['/srv/weights', { type: 'folder', path: '/srv/weights' }],
])('%s is understood', (text, address) => {
  expect(parseStoreAddress(text)).toEqual(address);
});

test.each([
  ['gs://weights', "'gs' is no kind of store"],
  ['s3://', "'' is no name of a bucket"],
  ['s3://UPPER', "'UPPER' is no name of a bucket"],
  ['s3://user:key@weights', 'is no name of a bucket'],
  ['s3://weights/../other', 'a prefix has letters'],
  ['s3://weights/a?b', 'a prefix has letters'],
  ['r2://weights', 'an account is 32 hex digits'],
])('%s is refused: %s', (text, says) => {
  expect(() => parseStoreAddress(text)).toThrow(UsageError);
  expect(() => parseStoreAddress(text)).toThrow(says);
});

test.each(['host', 'ftp://host', 'https://someone:secret@host', 'https://host?key=secret'])(
  '%s is no endpoint, and is not repeated',
  async (endpoint) => {
    const environment = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key' };
    const { signal } = new AbortController();
    await expect(openStore('s3://weights', { environment, endpoint, signal })).rejects.toThrow(
      /^the endpoint is none: write https:\/\/host, without a user or a query$/,
    );
  },
);
