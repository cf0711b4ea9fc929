import { Duration } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  HttpMethods,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Place } from './place.ts';
import { KEPT, removalIn } from './removal.ts';

export interface Buckets {
  readonly logs: IBucket;
  readonly models: IBucket;
  readonly uploads: IBucket;
}

const PRIVATE = {
  encryption: BucketEncryption.S3_MANAGED,
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  enforceSSL: true,
} satisfies BucketProps;

const UPLOAD_DAYS = 1; // S3 counts in whole days
const OLD_VERSION_DAYS = 30; // how long weights that were replaced can be had back

/** Weights, images on their way to a model, and who asked for what. All private, and TLS only. */
export function buckets(place: Place): Buckets {
  const { scope, plan, stage } = place;
  const passing = { removalPolicy: removalIn(stage), autoDeleteObjects: !stage.isKept };
  const made = new Bucket(scope, 'Logs', {
    ...PRIVATE,
    ...passing,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_PREFERRED, // CloudFront writes with an ACL
    lifecycleRules: [{ expiration: Duration.days(stage.logDays) }],
  });
  const logs = made as IBucket; // their types know no exactOptionalPropertyTypes
  const { weights } = plan.site.stores;
  const models = new Bucket(scope, 'Models', {
    ...PRIVATE,
    ...(weights?.kind === 's3' ? { bucketName: weights.bucket } : {}),
    versioned: true,
    removalPolicy: KEPT,
    serverAccessLogsBucket: logs,
    serverAccessLogsPrefix: 'models/',
    lifecycleRules: [
      {
        noncurrentVersionExpiration: Duration.days(OLD_VERSION_DAYS),
        abortIncompleteMultipartUploadAfter: Duration.days(7),
      },
    ],
  });
  const uploads = new Bucket(scope, 'Uploads', {
    ...PRIVATE,
    ...passing,
    serverAccessLogsBucket: logs,
    serverAccessLogsPrefix: 'uploads/',
    lifecycleRules: [
      { expiration: Duration.days(UPLOAD_DAYS), abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ],
    // A page may send an image, where somebody with a key to the API has handed it the address.
    cors: [{ allowedMethods: [HttpMethods.PUT], allowedOrigins: ['*'], allowedHeaders: ['content-type'] }],
  });
  return { logs, models: models as IBucket, uploads: uploads as IBucket };
}

/** Nothing that serves may write weights. */
export function grantWeights(bucket: IBucket, { grantPrincipal }: IGrantable): void {
  grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['s3:GetObject'], resources: [bucket.arnForObjects('*')] }),
  );
  grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }),
  );
}

/** To sign addresses that put one image there, and that read it again. */
export function grantUploads(bucket: IBucket, { grantPrincipal }: IGrantable): void {
  grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['s3:PutObject', 's3:GetObject'],
      resources: [bucket.arnForObjects('*')],
    }),
  );
}
