import { awsCredentials, r2Credentials } from './credentials.ts';
import { folderStore } from './folder-store.ts';
import { createS3Client } from './s3-client.ts';
import { PART_BYTES, s3Store } from './s3-store.ts';
import { type Store, StoreError } from './store.ts';
import { parseStoreAddress } from './store-address.ts';

export interface OpenStoreOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** In place of AWS' or Cloudflare's: a server of one's own that speaks S3. */
  readonly endpoint?: string | undefined;
  readonly signal: AbortSignal;
}

const PAUSE_MS = 250;

/** The store of an address, with credentials from the environment. Throws UsageError, StoreError. */
export async function openStore(
  text: string,
  { environment, endpoint, signal }: OpenStoreOptions,
): Promise<Store> {
  const address = parseStoreAddress(text);
  if (address.type === 'folder') return folderStore(address.path);

  const { bucket, prefix } = address;
  const name = text.replace(/\/+$/, '');
  const s3 = (options: Pick<Parameters<typeof createS3Client>[0], 'endpoint' | 'region' | 'credentials'>) =>
    s3Store(
      createS3Client({ ...options, endpoint: checked(options.endpoint), name, bucket, pauseMs: PAUSE_MS }),
      {
        name,
        prefix,
        partBytes: PART_BYTES,
      },
    );
  if (address.type === 'r2')
    return s3({
      endpoint: endpoint || `https://${address.account}.r2.cloudflarestorage.com`,
      region: 'auto',
      credentials: r2Credentials(environment),
    });
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION || 'us-east-1';
  return s3({
    endpoint:
      endpoint ||
      environment.AWS_ENDPOINT_URL_S3 ||
      environment.AWS_ENDPOINT_URL ||
      `https://s3.${region}.amazonaws.com`,
    region,
    credentials: await awsCredentials(environment, signal),
  });
}

function checked(endpoint: string): string {
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search)
    throw new StoreError('the endpoint is none: write https://host, without a user or a query');
  return endpoint.replace(/\/+$/, '');
}
