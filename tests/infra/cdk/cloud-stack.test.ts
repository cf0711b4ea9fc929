import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readSettings } from '../../../app/settings.ts';
import { stageOf } from '../../../infra/cdk/stage.ts';
import { visionFacts } from '../../../infra/model-facts.ts';
import type { SiteInput } from '../../../infra/site.ts';
import { GatewayEnv } from '../../../lambda/gateway-env.ts';
import cloud from '../../../sites/cloud.ts';
import { EVERYTHING } from './everything.ts';
import { promises } from './promises.ts';
import { summaryOf } from './summary.ts';
import { type Resource, synthSite } from './synth-site.ts';

const through = (frontDoor: 'function-url' | 'container'): SiteInput => ({
  ...EVERYTHING,
  cloud: { ...EVERYTHING.cloud, frontDoor },
});

/** Synthesized once: it takes seconds. What cdk-nag finds, and nobody has acknowledged, is an error here. */
const EXAMPLE = synthSite(cloud, 'dev');
const BY_URL = synthSite(through('function-url'), 'dev');
const SMALLEST = synthSite(parse(readFileSync('sites/aws.yaml', 'utf8')), 'dev');
const BY_CONTAINER = synthSite(through('container'), 'prod');

describe.each([
  { name: 'the example in dev', synthesized: EXAMPLE, golden: 'cloud/cdk/dev.yaml' },
  { name: 'the smallest in dev', synthesized: SMALLEST, golden: 'aws/cdk/dev.yaml' },
  { name: 'everything by function URL in dev', synthesized: BY_URL, golden: 'everything/cdk/dev.yaml' },
  { name: 'everything by container in prod', synthesized: BY_CONTAINER, golden: 'everything/cdk/prod.yaml' },
])('$name', ({ synthesized, golden }) => {
  promises(synthesized);

  test('is what it was', async () => {
    await expect(summaryOf(synthesized)).toMatchFileSnapshot(
      join(import.meta.dirname, '../../golden/sites', golden),
    );
  });
});

const policies = (id: string) =>
  BY_CONTAINER.all('AWS::ApplicationAutoScaling::ScalingPolicy')
    .filter(([name]) => name.startsWith(id))
    .map(([, { Properties }]) => Properties);

describe('a model that may be nobody', () => {
  const [, idle] = BY_CONTAINER.all('AWS::CloudWatch::Alarm').find(([id]) =>
    id.startsWith('visionServiceIdle'),
  )!;

  test('goes when it was well and nobody asked for as long as the site says', () => {
    const { Metrics, EvaluationPeriods, DatapointsToAlarm, TreatMissingData, AlarmActions } = idle.Properties;
    expect([EvaluationPeriods, DatapointsToAlarm, TreatMissingData]).toEqual([15, 15, 'notBreaching']);
    const [expression, ...inputs] = Metrics;
    expect(expression.Expression).toBe('IF(FILL(well, 0) > 0 AND FILL(asked, 0) == 0, 1, 0)');
    expect(
      inputs.map(({ Id, MetricStat }: { Id: string; MetricStat: Metric }) => [
        Id,
        MetricStat.Metric.MetricName,
        MetricStat.Period,
      ]),
    ).toEqual([
      ['well', 'HealthyHostCount', 60],
      ['asked', 'RequestCount', 60],
    ]);
    const toZero = BY_CONTAINER.all('AWS::ApplicationAutoScaling::ScalingPolicy').find(
      ([id]) => id === AlarmActions[0].Ref,
    )!;
    expect(toZero[1].Properties.StepScalingPolicyConfiguration).toEqual({
      AdjustmentType: 'ExactCapacity',
      StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 0 }],
    });
  });

  test('is not kept awake by the gateway, which looks at its health', () => {
    const requests = idle.Properties.Metrics[2].MetricStat.Metric.Dimensions.find(
      ({ Name }: { Name: string }) => Name === 'TargetGroup',
    );
    expect(requests.Value['Fn::GetAtt'][0]).toMatch(/^visionRequests/);
    const rule = BY_CONTAINER.all('AWS::ElasticLoadBalancingV2::ListenerRule').find(([, { Properties }]) =>
      Properties.Actions[0].TargetGroupArn.Ref.startsWith('visionProbes'),
    )!;
    const { health } = BY_CONTAINER.plan.workloads.find(({ name }) => name === 'vision')!;
    expect(rule[1].Properties.Conditions).toEqual([
      { Field: 'path-pattern', PathPatternConfig: { Values: [health] } },
    ]);
  });

  test('is more than one while many ask', () => {
    expect(
      policies('visionService')
        .map(({ PolicyType }) => PolicyType)
        .sort(),
    ).toEqual(['StepScaling', 'TargetTrackingScaling']);
    expect(
      policies('manyService')[0].TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification
        .PredefinedMetricType,
    ).toBe('ECSServiceAverageCPUUtilization');
    expect(policies('largeService')).toEqual([]);
  });

  test('stays in the hours that the site says, by its clock', () => {
    const [, target] = BY_URL.all('AWS::ApplicationAutoScaling::ScalableTarget').find(([id]) =>
      id.startsWith('sleeper'),
    )!;
    expect(target.Properties.ScheduledActions).toEqual([
      expect.objectContaining({
        Schedule: 'cron(0 8 ? * MON-FRI *)',
        Timezone: 'Europe/Berlin',
        ScalableTargetAction: { MinCapacity: 1 },
      }),
      expect.objectContaining({
        Schedule: 'cron(30 18 ? * MON-FRI *)',
        Timezone: 'Europe/Berlin',
        ScalableTargetAction: { MinCapacity: 0 },
      }),
    ]);
  });
});

/** A value as it is once the stack is there: whatever AWS will say is a word. */
function deployed(value: unknown): string {
  if (typeof value === 'string') return value;
  const join = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'];
  return join ? join[1].map(deployed).join(join[0]) : 'deployed';
}

interface Metric {
  readonly Metric: { readonly MetricName: string };
  readonly Period: number;
}

describe('the front door', () => {
  const environmentOf =
    (type: string, from: (resource: Resource) => Record<string, unknown>) => (synthesized: typeof EXAMPLE) =>
      Object.keys(from(synthesized.all(type).find(([id]) => id.startsWith('Gateway'))![1]));

  test('is a Web Function by default, which runs the bundle as it is and checks keys itself', () => {
    const [[, revision]] = EXAMPLE.all('AWS::Lambda::WebFunctionRevision') as [[string, Resource]];
    const { EnvironmentVariables, TimeoutSeconds } = revision.Properties.ServiceConfig;
    expect(EnvironmentVariables.AWS_LAMBDA_NODEJS_ENTRYPOINT).toBe('index.mjs');
    expect(EnvironmentVariables.CRIA_AUTH).toBe('bearer');
    expect(EnvironmentVariables.CRIA_REQUEST_TIMEOUT).toBe(String(TimeoutSeconds));
    EXAMPLE.template.hasResourceProperties('AWS::Lambda::WebFunctionEndpoint', {
      AuthType: 'ApplicationManaged',
    });
  });

  test.each([
    {
      form: 'a Web Function',
      variables: EXAMPLE.all('AWS::Lambda::WebFunctionRevision')[0]![1].Properties.ServiceConfig
        .EnvironmentVariables,
    },
    {
      form: 'a function',
      variables: BY_URL.all('AWS::Lambda::Function').find(([id]) => id.startsWith('Gateway'))![1].Properties
        .Environment.Variables,
    },
    {
      form: 'a container',
      variables: Object.fromEntries(
        BY_CONTAINER.all('AWS::ECS::TaskDefinition')
          .flatMap(([, { Properties }]) => Properties.ContainerDefinitions)
          .find(({ Name }: { Name: string }) => Name === 'gateway')
          .Environment.map(({ Name, Value }: { Name: string; Value: unknown }) => [Name, Value]),
      ),
    },
  ])('takes what it is told, as $form', ({ variables }) => {
    const told = Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, deployed(value)]),
    );
    const given = { AWS_REGION: 'us-east-1', CRIA_KEYS: 'from Secrets Manager' };
    const env = readSettings(GatewayEnv, { ...told, ...given });
    expect(Object.keys(env.CRIA_WAKE).length).toBeGreaterThan(0);
    expect(env.CRIA_ROUTES.backends.map(({ url }) => url)).toContain('http://deployed:8801/v1');
    expect(env.CRIA_UPLOAD_BUCKET).toBe('deployed');
  });

  test('streams, as a function with a URL', () => {
    BY_URL.template.hasResourceProperties('AWS::Lambda::Url', {
      InvokeMode: 'RESPONSE_STREAM',
      AuthType: 'NONE',
    });
    expect(
      environmentOf('AWS::Lambda::Function', ({ Properties }) => Properties.Environment.Variables)(BY_URL),
    ).toEqual(expect.arrayContaining(['CRIA_ROUTES', 'CRIA_SECRETS', 'CRIA_WAKE', 'CRIA_UPLOAD_BUCKET']));
  });

  test('is reached inside the network, as a container', () => {
    BY_CONTAINER.template.hasResourceProperties('AWS::CloudFront::VpcOrigin', {
      VpcOriginEndpointConfig: { OriginProtocolPolicy: 'http-only', HTTPPort: 8780 },
    });
    const ofGroup = (type: string) =>
      BY_CONTAINER.all(type).filter(([name]) => name.startsWith('FromCloudFront'));
    const [[id]] = ofGroup('AWS::EC2::SecurityGroup') as [[string, Resource]];
    const GroupId = { 'Fn::GetAtt': [id, 'GroupId'] };
    // The list counts as 55 rules, of 60: there is room for no others.
    expect(ofGroup('AWS::EC2::SecurityGroupIngress').map(([, { Properties }]) => Properties)).toEqual([
      {
        GroupId,
        SourcePrefixListId: 'pl-3b927c52', // us-east-1's
        IpProtocol: 'tcp',
        FromPort: 8780,
        ToPort: 8780,
        Description: 'from CloudFront',
      },
    ]);
    const [[, balancer]] = BY_CONTAINER.all('AWS::ElasticLoadBalancingV2::LoadBalancer') as [
      [string, Resource],
    ];
    expect(balancer.Properties.SecurityGroups).toEqual([
      { 'Fn::GetAtt': [expect.stringMatching(/^BalancerSecurityGroup/), 'GroupId'] },
      GroupId,
    ]);
    expect(BY_CONTAINER.all('AWS::Lambda::Url')).toEqual([]);
    expect(BY_CONTAINER.all('AWS::Lambda::WebFunction')).toEqual([]);
  });

  test.each([
    { name: 'the example', synthesized: EXAMPLE, asks: ['CRIA_KEYS', 'THEIR_KEY', 'CRIA_ORIGIN_SECRET'] },
    { name: 'everything by function URL', synthesized: BY_URL, asks: ['CRIA_KEYS', 'CRIA_ORIGIN_SECRET'] },
  ])('of $name is told where its secrets are, and may read those', ({ synthesized, asks }) => {
    const { all, text } = synthesized;
    const written = text.replaceAll(/\\+"/g, '"');
    for (const name of asks) expect(written.includes(`"${name}":"`), name).toBe(true);
    const granted = all('AWS::IAM::Policy')
      .filter(([id]) => id.startsWith('Gateway'))
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
      .filter(({ Action }: { Action: string[] }) => Action.includes('secretsmanager:GetSecretValue'))
      .flatMap(({ Resource }: { Resource: unknown }) => Resource);
    expect(granted).toHaveLength(asks.length);
  });
});

test('machines for fine-tuning have a disk for the largest model, and go when nobody has work for them', () => {
  const [[id, { Properties }]] = BY_URL.all('AWS::EC2::LaunchTemplate') as [[string, Resource]];
  const { BlockDeviceMappings, MetadataOptions } = Properties.LaunchTemplateData;
  const [{ DeviceName, Ebs }] = BlockDeviceMappings;
  expect([DeviceName, Ebs.Encrypted, MetadataOptions.HttpTokens]).toEqual(['/dev/xvda', true, 'required']);
  expect(Ebs.VolumeSize * 2 ** 30).toBeGreaterThan(
    2 * visionFacts('llama-3.2-90b-vision-instruct').weightBytes,
  );
  const [[, machines]] = BY_URL.all('AWS::Batch::ComputeEnvironment') as [[string, Resource]];
  expect(machines.Properties.ComputeResources).toMatchObject({
    LaunchTemplate: { LaunchTemplateId: { Ref: id } },
    MinvCpus: 0,
    Type: 'SPOT',
  });
});

const MANY_ROUTES = Array.from({ length: 30 }, (_, i) => ({ model: `a-name-of-a-model-${i}`, to: 'many' }));

test('a Web Function is told of more routes than a function with a URL', () => {
  expect(() => synthSite({ ...EVERYTHING, routes: MANY_ROUTES })).not.toThrow();
});

describe('what cannot be, says so before anything is made', () => {
  const failing = (site: SiteInput) => () => synthSite(site);

  test.each([
    {
      site: { ...EVERYTHING, setup: 'on-prem' as const },
      says: 'setup: it is on-prem, and CDK is for cloud',
    },
    {
      site: { ...EVERYTHING, cloud: { ...EVERYTHING.cloud, region: 'eu-central-1' } },
      says: "cloud.webAcl: CloudFront's firewall can be made in us-east-1 only, and cloud.region is eu-central-1",
    },
    {
      site: { ...EVERYTHING, stores: { weights: { kind: 's3' as const, bucket: 'b'.repeat(60) } } },
      says: `stores.weights.bucket: stage dev has ${'b'.repeat(60)}-dev, 64 letters`,
    },
    {
      site: {
        ...EVERYTHING,
        cloud: {
          region: 'me-central-1',
          frontDoor: 'container' as const,
          webAcl: 'arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/b',
        },
      },
      says: "cloud.frontDoor: CloudFront's list of addresses in me-central-1 is not known here",
    },
    {
      site: { ...EVERYTHING, cloud: { fineTuning: { image: 'tune:1', instance: 'g6e.xlarge', gpus: 4 } } },
      says: 'cloud.fineTuning.instance: g6e.xlarge with 4 cards is not in the price table',
    },
    {
      site: { ...through('function-url'), routes: MANY_ROUTES },
      says: "cloud.frontDoor: the variables of this site's gateway are",
    },
  ])('$says', ({ site, says }) => {
    expect(failing(site)).toThrow(says);
  });

  test('a stage that there is not', () => {
    expect(() => stageOf('toString')).toThrow(
      "there is no stage 'toString': write -c stage=dev or -c stage=prod",
    );
  });
});

test('an image that the site does not name is built from here, without what it does not depend on', () => {
  const [[, { Properties }]] = SMALLEST.all('AWS::ECS::TaskDefinition') as [[string, Resource]];
  for (const { Image } of Properties.ContainerDefinitions)
    expect(JSON.stringify(Image)).toContain('cdk-hnb659fds-container-assets');
});
