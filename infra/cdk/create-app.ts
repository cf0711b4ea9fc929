import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { PlanError } from '../errors.ts';
import { type Plan, plan } from '../plan.ts';
import type { Site } from '../site.ts';
import { CloudStack } from './cloud-stack.ts';
import { nameOf } from './place.ts';
import { type Stage, siteIn } from './stage.ts';

export interface AppProps {
  readonly site: Site;
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

export interface CloudApp {
  readonly app: App;
  readonly stack: CloudStack;
  /** Of the site in this stage. */
  readonly plan: Plan;
}

/** The CDK app of one stage of a site. Looks nothing up: what it makes depends on the site alone. Throws PlanError. */
export function createApp({ site, stage, bundles, outdir }: AppProps): CloudApp {
  if (site.setup !== 'cloud') throw new PlanError([`setup: it is ${site.setup}, and CDK is for cloud`]);
  const planned = plan(siteIn(stage, site));
  const app = new App({
    analyticsReporting: false,
    context: Object.fromEntries(FLAGS.map((flag) => [flag, true])),
    ...(outdir === undefined ? {} : { outdir }),
  });
  const stack = new CloudStack(app, nameOf({ scope: app, plan: planned, stage }), {
    plan: planned,
    stage,
    bundles,
    description: `Cria: the site ${site.name}, ${stage.name}`,
    env: { region: site.cloud.region },
    terminationProtection: stage.isKept,
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stack, plan: planned };
}
