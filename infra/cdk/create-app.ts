import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { PlanError } from '../errors.ts';
import type { Plan } from '../plan.ts';
import { CloudStack } from './cloud-stack.ts';
import { nameOf } from './place.ts';
import type { Stage } from './stage.ts';

export interface AppProps {
  readonly plan: Plan;
  readonly stage: Stage;
  readonly bundles: string;
  /** Where the templates go; the CLI says it, else a temporary folder. */
  readonly outdir?: string;
}

/** Today's behaviour of CDK, where it would keep to an old one unasked. Source: cx-api/FEATURE_FLAGS.md. */
const FLAGS = [
  '@aws-cdk/aws-ecs:arnFormatIncludesClusterName',
  '@aws-cdk/aws-ecs:disableExplicitDeploymentControllerForCircuitBreaker',
  '@aws-cdk/aws-ecs:reduceEc2FargateCloudWatchPermissions',
  '@aws-cdk/aws-ecs:removeDefaultDeploymentAlarm',
  '@aws-cdk/aws-efs:denyAnonymousAccess',
  '@aws-cdk/aws-efs:mountTargetOrderInsensitiveLogicalId',
  '@aws-cdk/aws-iam:minimizePolicies',
  '@aws-cdk/aws-lambda:useCdkManagedLogGroup',
  '@aws-cdk/aws-s3:createDefaultLoggingPolicy',
  '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy',
  '@aws-cdk/core:checkSecretUsage',
];

/** The CDK app of one stage of a site. Looks nothing up: what it makes depends on the site alone. Throws PlanError. */
export function createApp({ plan, stage, bundles, outdir }: AppProps): {
  readonly app: App;
  readonly stack: CloudStack;
} {
  const { setup, cloud } = plan.site;
  if (setup !== 'cloud') throw new PlanError([`setup: it is ${setup}, and CDK is for cloud`]);
  const app = new App({
    analyticsReporting: false,
    context: Object.fromEntries(FLAGS.map((flag) => [flag, true])),
    ...(outdir === undefined ? {} : { outdir }),
  });
  const place = { scope: app, plan, stage };
  const stack = new CloudStack(app, nameOf(place), {
    plan,
    stage,
    bundles,
    description: `Cria: the site ${plan.site.name}, ${stage.name}`,
    env: { region: cloud.region },
    terminationProtection: stage.isKept,
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stack };
}
