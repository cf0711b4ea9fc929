import { resolve } from 'node:path';
import { UsageError } from '../errors.ts';

/** `s3://bucket/prefix`, `r2://account/bucket/prefix`, or a folder. A prefix is empty, or ends with a slash. */
export type StoreAddress =
  | { readonly type: 's3'; readonly bucket: string; readonly prefix: string }
  | { readonly type: 'r2'; readonly account: string; readonly bucket: string; readonly prefix: string }
  | { readonly type: 'folder'; readonly path: string };

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const ACCOUNT = /^[0-9a-f]{32}$/;
const PREFIX = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

/** Throws UsageError, saying what is wrong with it. */
export function parseStoreAddress(text: string): StoreAddress {
  const [, scheme, rest] = /^([a-z0-9]+):\/\/(.*)$/.exec(text) ?? [];
  if (scheme === undefined || rest === undefined) return { type: 'folder', path: resolve(text) };

  const parts = rest.replace(/\/+$/, '').split('/');
  const refuse = (problem: string): never => {
    throw new UsageError(
      `${text}: ${problem}; write s3://bucket/prefix, r2://account/bucket/prefix, or a folder`,
    );
  };
  if (scheme !== 's3' && scheme !== 'r2') return refuse(`'${scheme}' is no kind of store`);
  const account = scheme === 'r2' ? parts.shift()! : '';
  const [bucket = '', ...folders] = parts;
  const prefix = folders.join('/');
  if (scheme === 'r2' && !ACCOUNT.test(account)) refuse('an account is 32 hex digits');
  if (!BUCKET.test(bucket))
    refuse(`'${bucket}' is no name of a bucket: 3 to 63 lower-case letters, digits, dots and dashes`);
  if (prefix !== '' && !PREFIX.test(prefix))
    refuse('a prefix has letters, digits, dots, dashes and underscores between slashes');
  const where = { bucket, prefix: prefix === '' ? '' : `${prefix}/` };
  return scheme === 's3' ? { type: 's3', ...where } : { type: 'r2', account, ...where };
}
