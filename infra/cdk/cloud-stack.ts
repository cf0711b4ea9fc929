import { type CfnElement, CfnOutput, CfnResource, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import type { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Cluster, ContainerInsights } from 'aws-cdk-lib/aws-ecs';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Plan } from '../plan.ts';
import { acknowledge } from './acknowledgements.ts';
import { alarms } from './alarms.ts';
import { balancer } from './balancer.ts';
import { buckets, grantWeights } from './buckets.ts';
import { budget } from './budget.ts';
import { dashboard } from './dashboard.ts';
import { distribution } from './distribution.ts';
import { fineTuning } from './fine-tuning.ts';
import { frontDoor } from './front-door.ts';
import { logGroup } from './log-group.ts';
import { network } from './network.ts';
import { nameOf, type Place, SITE_TAG } from './place.ts';
import { scale } from './scaling.ts';
import { secretId, secrets as secretsOf } from './secrets.ts';
import type { Stage } from './stage.ts';
import { keepsState, stateFileSystem } from './state.ts';
import { alarmTopic } from './topic.ts';
import { workloadService } from './workload-service.ts';

export interface CloudStackProps extends StackProps {
  readonly plan: Plan;
  readonly stage: Stage;
  /** The folder with what scripts/build.ts made. */
  readonly bundles: string;
}

/** A whole site on AWS: who asks comes through CloudFront to the gateway, and from there to the models. */
export class CloudStack extends Stack {
  constructor(app: Construct, id: string, { plan, stage, bundles, ...props }: CloudStackProps) {
    super(app, id, props);
    const place: Place = { scope: this, plan, stage };
    Tags.of(this).add(SITE_TAG, plan.site.name);
    Tags.of(this).add('cria:stage', stage.name);

    const stores = buckets(place);
    const secrets = secretsOf(place);
    const vpc = network(place);
    const cluster = new Cluster(this, 'Cluster', { vpc, containerInsightsV2: ContainerInsights.ENABLED });
    const alb = balancer(place, vpc, stores.logs);
    const served = plan.workloads.filter(({ kind }) => kind !== 'gateway');
    const state = served.some(keepsState) ? stateFileSystem(place, vpc) : undefined;
    const models = served.map((workload) => {
      const one = workloadService(place, {
        workload,
        environment: workload.env,
        vpc,
        cluster,
        alb,
        secrets,
        state,
      });
      if (plan.site.stores.weights?.kind === 's3' && workload.weights.length > 0)
        grantWeights(stores.models, one.service.taskDefinition.taskRole); // the others fetch them elsewhere
      scale(place, one);
      return one;
    });
    const door = frontDoor(place, { bundles, vpc, cluster, alb, buckets: stores, secrets, services: models });
    const services = [...(door.service ? [door.service] : []), ...models];
    for (const { workload, service } of services) Tags.of(service).add('cria:workload', workload.name);
    const front = distribution(place, door.origin, stores.logs);

    const failures = failuresOf(place, door.logs);
    const topic = alarmTopic(place);
    alarms(place, topic, { failures, services, alb });
    budget(place, topic);
    dashboard(place, { failures, logs: door.logs, services });
    const tuning = fineTuning(place, { vpc, buckets: stores, secrets });

    endLogs(place);
    acknowledge(this, {
      workloads: services.map(({ workload }) => workload.name),
      models: this.getLogicalId(stores.models.node.defaultChild as CfnElement),
      uploads: this.getLogicalId(stores.uploads.node.defaultChild as CfnElement),
      region: plan.site.cloud.region,
    });
    const output = (name: string, value: string, description: string) =>
      new CfnOutput(this, name, { value, description });
    output('Api', `https://${front.domainName}/v1`, 'where the API answers');
    const keys = plan.gateway.secrets.find(({ env }) => env === 'CRIA_KEYS');
    if (keys)
      output(
        'ReadKeys',
        `aws secretsmanager get-secret-value --secret-id ${secretId(secrets[keys.secret]!)} --query SecretString --output text`,
        'prints the keys of the API',
      );
    output('ModelBucket', stores.models.bucketName, 'where weights lie: cria publish');
    output('UploadBucket', stores.uploads.bucketName, 'large images, for a day');
    output('AlarmTopic', topic.topicArn, 'who subscribes is told of alarms');
    if (tuning) output('TuningQueue', tuning.queue.jobQueueName, 'aws batch submit-job --job-queue');
    if (tuning) output('TuningJob', tuning.job.jobDefinitionName, 'aws batch submit-job --job-definition');
  }
}

/** How often the gateway said 5xx, from its log: every form of it writes the same. */
function failuresOf(place: Place, logGroup: ILogGroup): Metric {
  return new MetricFilter(place.scope, 'Failures', {
    logGroup,
    filterPattern: FilterPattern.numberValue('$.status', '>=', 500),
    metricNamespace: 'Cria',
    metricName: `${nameOf(place)}-failures`,
    metricValue: '1',
    defaultValue: 0,
  }).metric({ statistic: 'Sum' });
}

/** CDK's own functions, which empty buckets, would make log groups that never end. */
function endLogs(place: Place): void {
  const functions = place.scope.node
    .findAll()
    .filter(
      (one): one is CfnResource =>
        CfnResource.isCfnResource(one) && one.cfnResourceType === 'AWS::Lambda::Function',
    );
  const others = functions.filter((one) => !(one instanceof CfnFunction));
  if (others.length === 0) return;
  const { logGroupName } = logGroup(place, 'CustomResourceLogs');
  for (const one of others) one.addPropertyOverride('LoggingConfig', { LogGroup: logGroupName });
}
