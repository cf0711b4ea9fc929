/** What is more than a line in the stack's list: the other services see it. */
import { isObject, type Json, type JsonObject } from '../json.ts';
import { generatedSecret } from '../secrets-manager.ts';
import type { Account } from './account.ts';
import { withSecrets } from './dynamic-references.ts';
import type { StackResource } from './stack.ts';

interface Effect {
  /** Creates or updates. */
  readonly put: (resource: Unattributed, account: Account) => void;
  /** What only it knows. */
  readonly attributes?: (resource: Unattributed, account: Account) => JsonObject;
  readonly remove?: (resource: StackResource, account: Account) => void;
}

type Unattributed = Omit<StackResource, 'attributes'>;

const EFFECTS: Readonly<Record<string, Effect>> = {
  'AWS::S3::Bucket': {
    put: ({ physicalId }, { s3 }) => s3.createBucket(physicalId),
    remove: ({ physicalId }, { s3 }) => s3.deleteBucket(physicalId),
  },
  'AWS::SSM::Parameter': {
    put: ({ physicalId, properties }, { ssm }) => ssm.put(physicalId, String(properties.Value)),
    remove: ({ physicalId }, { ssm }) => ssm.delete(physicalId),
  },
  'AWS::ECR::Repository': {
    put: ({ physicalId }, { ecr }) => ecr.create(physicalId),
    remove: ({ physicalId }, { ecr }) => ecr.delete(physicalId),
  },
  'AWS::ECS::Service': {
    put: ({ physicalId, properties }, { ecs }) =>
      ecs.put(String(properties.Cluster ?? 'default'), physicalId, Number(properties.DesiredCount ?? 1)),
    remove: ({ physicalId, properties }, { ecs }) =>
      ecs.delete(String(properties.Cluster ?? 'default'), physicalId),
  },
  'AWS::SecretsManager::Secret': {
    put({ physicalId, properties: { SecretString, GenerateSecretString } }, { secrets }) {
      const length = isObject(GenerateSecretString) ? Number(GenerateSecretString.PasswordLength ?? 32) : 32;
      secrets.put(physicalId, String(SecretString ?? generatedSecret(physicalId, length)));
    },
    remove: ({ physicalId }, { secrets }) => secrets.delete(physicalId),
  },
  /** What the CDK's own function does behind a bucket with `autoDeleteObjects`. */
  'Custom::S3AutoDeleteObjects': {
    put: () => {},
    remove: ({ properties }, { s3 }) => s3.empty(String(properties.BucketName)),
  },
  /** And where a Web Function's bundle has to lie in a bucket of its own. */
  'Custom::S3ObjectCopy': {
    put({ properties }, { s3 }) {
      const { SourceBucketName, SourceObjectKey } = properties;
      const { bytes } = s3.get(String(SourceBucketName), String(SourceObjectKey));
      s3.put(String(properties.DestinationBucketName), copyKey(properties), bytes);
    },
    attributes: ({ properties }, { s3 }) => {
      const [Bucket, Key] = [String(properties.DestinationBucketName), copyKey(properties)];
      return { Bucket, Key, VersionId: s3.get(Bucket, Key).etag };
    },
  },
};

const copyKey = ({ DestinationKeyPrefix = '', SourceObjectKey }: JsonObject): string =>
  `${DestinationKeyPrefix}${SourceObjectKey}`;

/** Throws   AwsError with what the service would say */
export function put(resource: Unattributed, account: Account): StackResource {
  withSecrets(resource.properties, account.secrets);
  for (const { bucket, key } of bundles(resource.properties)) account.s3.get(bucket, key);
  const effect = EFFECTS[resource.type];
  effect?.put(resource, account);
  return { ...resource, attributes: effect?.attributes?.(resource, account) ?? {} };
}

/** Throws   AwsError with what the service would say */
export function remove(resource: StackResource, account: Account): void {
  EFFECTS[resource.type]?.remove?.(resource, account);
}

/** The archives that functions, revisions and layers are made of, wherever they are mentioned. */
function* bundles(value: Json): Generator<{ readonly bucket: string; readonly key: string }> {
  if (Array.isArray(value)) for (const item of value) yield* bundles(item);
  if (!isObject(value)) return;
  const { S3Bucket, S3Key, S3Object } = value;
  if (S3Key !== undefined) yield { bucket: String(S3Bucket), key: String(S3Key) };
  if (isObject(S3Object)) yield { bucket: String(S3Object.Bucket), key: String(S3Object.Key) };
  for (const inner of Object.values(value)) yield* bundles(inner);
}
