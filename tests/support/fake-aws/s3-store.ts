import { createHash } from 'node:crypto';
import { AwsError } from './errors.ts';

export interface S3Object {
  readonly bytes: Buffer;
  readonly etag: string;
}

export interface S3Store {
  /** Once more is no error: it is the account's own. */
  readonly createBucket: (bucket: string) => void;
  readonly deleteBucket: (bucket: string) => void;
  readonly has: (bucket: string) => boolean;
  readonly put: (bucket: string, key: string, bytes: Buffer, etag?: string) => S3Object;
  readonly get: (bucket: string, key: string) => S3Object;
  readonly delete: (bucket: string, key: string) => void;
  readonly empty: (bucket: string) => void;
  /** Keys in order. */
  readonly list: (bucket: string, prefix: string) => readonly (readonly [string, S3Object])[];
}

export const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/** Buckets in memory. Every function throws an AwsError for a bucket or key that is not there. */
export function s3Store(): S3Store {
  const buckets = new Map<string, Map<string, S3Object>>();

  function objects(bucket: string): Map<string, S3Object> {
    const found = buckets.get(bucket);
    if (!found) throw new AwsError('NoSuchBucket', `The specified bucket does not exist: ${bucket}`, 404);
    return found;
  }

  return {
    createBucket(bucket) {
      if (!buckets.has(bucket)) buckets.set(bucket, new Map());
    },
    deleteBucket(bucket) {
      if (objects(bucket).size > 0)
        throw new AwsError('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409);
      buckets.delete(bucket);
    },
    has: (bucket) => buckets.has(bucket),
    put(bucket, key, bytes, etag = md5(bytes)) {
      const object = { bytes, etag };
      objects(bucket).set(key, object);
      return object;
    },
    get(bucket, key) {
      const found = objects(bucket).get(key);
      if (!found) throw new AwsError('NoSuchKey', `The specified key does not exist: ${bucket}/${key}`, 404);
      return found;
    },
    delete: (bucket, key) => void objects(bucket).delete(key),
    empty: (bucket) => objects(bucket).clear(),
    list: (bucket, prefix) =>
      [...objects(bucket)].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}
