/** What every stack promises to who pays for it: alarms, a budget, logs, tags. */
import { expect, test } from 'vitest';
import { alarmMetrics, FIREWALL_RULES, NATS } from '../../../infra/cloud-cost.ts';
import type { Resource, Synthesized } from './synth-site.ts';

interface Told {
  readonly NotificationType: string;
  readonly ComparisonOperator: string;
  readonly Threshold: number;
  readonly ThresholdType: string;
}

export function watchPromises({ plan, stage, all }: Synthesized): void {
  const { frontDoor } = plan.site.cloud;

  test('every alarm tells somebody, or scales', () => {
    const alarms = all('AWS::CloudWatch::Alarm');
    expect(alarms.length).toBeGreaterThanOrEqual(4);
    const actions = [...all('AWS::SNS::Topic'), ...all('AWS::ApplicationAutoScaling::ScalingPolicy')].map(
      ([id]) => id,
    );
    for (const [id, { Properties }] of alarms) {
      expect(Properties.AlarmActions, id).toHaveLength(1);
      expect(actions, id).toContain(Properties.AlarmActions[0].Ref);
    }
  });

  test('alarms and the budget may speak where people listen, and so may nobody of another account', () => {
    const [[topic]] = all('AWS::SNS::Topic') as [[string, Resource]];
    const [[, policy]] = all('AWS::SNS::TopicPolicy') as [[string, Resource]];
    expect(policy.Properties.Topics).toEqual([{ Ref: topic }]);
    const { Statement } = policy.Properties.PolicyDocument;
    expect(Statement.filter(({ Effect }: { Effect: string }) => Effect === 'Allow')).toEqual([
      {
        Sid: expect.anything(),
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com'] },
        Resource: { Ref: topic },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      },
    ]);
  });

  test('a budget of the site is one of the account, which tells of it in time', () => {
    const budgets = all('AWS::Budgets::Budget');
    expect(budgets).toHaveLength(plan.site.budget ? 1 : 0);
    for (const [, { Properties, DependsOn }] of budgets) {
      expect(Properties.Budget).toEqual({
        BudgetType: 'COST',
        TimeUnit: 'MONTHLY',
        BudgetLimit: { Amount: plan.site.budget!.monthly, Unit: 'USD' },
        CostFilters: { TagKeyValue: [`user:cria:site$${plan.site.name}`] },
      });
      const [[topic]] = all('AWS::SNS::Topic') as [[string, Resource]];
      expect(
        Properties.NotificationsWithSubscribers.map(
          ({ Notification: one, Subscribers }: { Notification: Told; Subscribers: unknown }) => [
            `${one.NotificationType} ${one.ComparisonOperator} ${one.Threshold} ${one.ThresholdType}`,
            Subscribers,
          ],
        ),
      ).toEqual(
        ['ACTUAL GREATER_THAN 80 PERCENTAGE', 'FORECASTED GREATER_THAN 100 PERCENTAGE'].map((told) => [
          told,
          [{ SubscriptionType: 'SNS', Address: { Ref: topic } }],
        ]),
      );
      expect(DependsOn).toEqual(expect.arrayContaining([all('AWS::SNS::TopicPolicy')[0]![0]]));
    }
  });

  test('logs end', () => {
    const groups = all('AWS::Logs::LogGroup');
    for (const [id, { Properties }] of groups)
      expect(Properties.RetentionInDays, id).toBe(stage === 'prod' ? 90 : 14);
    for (const [id, { Properties }] of all('AWS::Lambda::Function'))
      expect(Properties.LoggingConfig?.LogGroup, id).toBeDefined();
    for (const [, { Properties }] of all('AWS::ECS::TaskDefinition'))
      for (const { Name, LogConfiguration } of Properties.ContainerDefinitions)
        expect(
          groups.map(([id]) => id),
          Name,
        ).toContain(LogConfiguration.Options['awslogs-group'].Ref);
  });

  test('what costs money bears the tags of its site and stage', () => {
    const tagged = [
      'AWS::S3::Bucket',
      'AWS::ECS::Service',
      'AWS::ECS::Cluster',
      'AWS::ECS::CapacityProvider',
      'AWS::EC2::NatGateway',
      'AWS::ElasticLoadBalancingV2::LoadBalancer',
      'AWS::CloudFront::Distribution',
      'AWS::WAFv2::WebACL',
      'AWS::Lambda::WebFunction',
      'AWS::EFS::FileSystem',
    ];
    for (const type of tagged)
      for (const [id, { Properties }] of all(type)) {
        const tags = Properties.Tags ?? Properties.FileSystemTags;
        expect(tags, id).toContainEqual({ Key: 'cria:site', Value: plan.site.name });
        expect(tags, id).toContainEqual({ Key: 'cria:stage', Value: stage });
      }
    for (const [id, { Properties }] of all('AWS::ECS::Service'))
      expect([Properties.PropagateTags, Properties.Tags.map(({ Key }: { Key: string }) => Key)], id).toEqual([
        'SERVICE',
        expect.arrayContaining(['cria:workload']),
      ]);
  });

  test('what the estimate counts is what there is', () => {
    const nats = all('AWS::EC2::NatGateway').length;
    expect([nats, all('AWS::EC2::EIP').length]).toEqual(stage === 'prod' ? [NATS, NATS] : [1, 1]);
    for (const [, { Properties }] of all('AWS::WAFv2::WebACL'))
      expect(Properties.Rules).toHaveLength(FIREWALL_RULES);
    const own = all('AWS::CloudWatch::Alarm').flatMap(([, { Properties }]) =>
      (Properties.Metrics ?? [{ MetricStat: Properties }]).filter(
        ({ MetricStat }: { MetricStat?: unknown }) => MetricStat,
      ),
    );
    const scaling = all('AWS::ApplicationAutoScaling::ScalingPolicy').filter(
      ([, { Properties }]) => Properties.PolicyType === 'TargetTrackingScaling',
    );
    const services = plan.workloads.filter(({ kind }) => kind !== 'gateway' || frontDoor === 'container');
    expect(own.length + 2 * scaling.length).toBe(alarmMetrics(services));
    expect(all('AWS::Logs::MetricFilter')).toHaveLength(1);
    expect(all('AWS::CloudWatch::Dashboard')).toHaveLength(1);
    const made = frontDoor === 'container' ? ['CRIAKEYS'] : ['CRIAKEYS', 'GatewayOriginSecret'];
    expect(
      all('AWS::SecretsManager::Secret')
        .map(([id]) => id.slice(0, -8))
        .sort(),
    ).toEqual(made);
  });
}
