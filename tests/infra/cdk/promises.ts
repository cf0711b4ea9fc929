/** What every stack promises, whatever the site: read from its template. */
import { expect, test } from 'vitest';
import { alarmMetrics, FIREWALL_RULES, NATS } from '../../../infra/cloud-cost.ts';
import { nothingIsLost } from '../nothing-is-lost.ts';
import { idOf, type Resource, type Synthesized } from './synth-site.ts';

/** All statements of identity policies, with where they stand. */
function statements(all: (type: string) => [string, Resource][]) {
  return [
    ...all('AWS::IAM::Policy').map(([id, { Properties }]) => [id, Properties.PolicyDocument] as const),
    ...all('AWS::IAM::Role').flatMap(([id, { Properties }]) =>
      (Properties.Policies ?? []).map(
        (one: { PolicyDocument: unknown }) => [id, one.PolicyDocument] as const,
      ),
    ),
  ].flatMap(([id, { Statement }]) =>
    Statement.map((one: { Action: string | string[]; Resource: unknown; Condition?: unknown }) => ({
      id,
      actions: [one.Action].flat(),
      resource: JSON.stringify(one.Resource),
      condition: one.Condition,
    })),
  ) as { id: string; actions: string[]; resource: string; condition: unknown }[];
}

interface Told {
  readonly NotificationType: string;
  readonly ComparisonOperator: string;
  readonly Threshold: number;
  readonly ThresholdType: string;
}

export function promises({ plan, stage, text, template, all }: Synthesized): void {
  const frontDoor = plan.site.cloud.frontDoor;

  test('has every workload, port, variable, secret, volume, route and image of the plan', () => {
    nothingIsLost(plan, {
      text,
      inContainers: true,
      withoutContainer: frontDoor === 'container' ? [] : ['gateway'],
      withoutImage: plan.site.images.cria === undefined ? [plan.gateway.image] : [],
    });
  });

  test('weights come from where the site says: the hub, its own bucket of this stage by a role, or R2 with keys', () => {
    const {
      Command,
      Environment,
      Secrets = [],
    } = all('AWS::ECS::TaskDefinition')
      .flatMap(([, { Properties }]) => Properties.ContainerDefinitions)
      .find(({ Name }: { Name: string }) => Name.startsWith('fetch-'));
    const keys = Secrets.map(({ Name }: { Name: string }) => Name).filter((name: string) => /KEY/.test(name));
    if (plan.site.stores.weights?.kind === 'r2') {
      expect(Command.join(' ')).toContain('--from r2://0123456789abcdef0123456789abcdef/weights');
      expect(keys).toEqual(['R2_ACCESS_KEY_ID', 'R2_SECRET_ACCESS_KEY']);
      return;
    }
    if (plan.site.stores.weights === undefined) {
      expect(Command).not.toContain('--from');
      return;
    }
    expect(all('AWS::S3::Bucket').map(([, { Properties }]) => Properties.BucketName)).toContain(
      `example-cria-weights-${stage}`,
    );
    expect(Command.join(' ')).toContain(`--from s3://example-cria-weights-${stage} --or-hub`);
    expect(Environment).toContainEqual({ Name: 'AWS_REGION', Value: 'us-east-1' });
    expect(keys).toEqual([]);
  });

  test('no bucket is public, each is encrypted and answers over TLS only', () => {
    const buckets = all('AWS::S3::Bucket');
    expect(buckets.length).toBeGreaterThanOrEqual(3);
    for (const [id, { Properties }] of buckets) {
      expect(Properties.PublicAccessBlockConfiguration, id).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      expect(Properties.BucketEncryption, id).toBeDefined();
      const policies = all('AWS::S3::BucketPolicy').filter(([, one]) => one.Properties.Bucket.Ref === id);
      const denied = policies
        .flatMap(([, one]) => one.Properties.PolicyDocument.Statement)
        .filter(({ Effect }) => Effect === 'Deny');
      expect(denied, id).toContainEqual(
        expect.objectContaining({ Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
    }
  });

  test('weights are versioned and outlive the stack; uploads are gone after a day', () => {
    const [[, models]] = all('AWS::S3::Bucket').filter(([id]) => id.startsWith('Models')) as [
      [string, Resource],
    ];
    expect(models).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: { VersioningConfiguration: { Status: 'Enabled' } },
    });
    const [[, uploads]] = all('AWS::S3::Bucket').filter(([id]) => id.startsWith('Uploads')) as [
      [string, Resource],
    ];
    expect(uploads.Properties.LifecycleConfiguration.Rules).toContainEqual(
      expect.objectContaining({ ExpirationInDays: 1, Status: 'Enabled' }),
    );
  });

  test('CloudFront and the balancer can write their logs, and nobody else can', () => {
    const [[id, { Properties }]] = all('AWS::S3::Bucket').filter(([name]) => name.startsWith('Logs')) as [
      [string, Resource],
    ];
    // CloudFront's standard logs come with an ACL, which a bucket refuses unless its owner is only preferred.
    expect(Properties.OwnershipControls.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerPreferred' }]);
    const [[, front]] = all('AWS::CloudFront::Distribution') as [[string, Resource]];
    expect(front.Properties.DistributionConfig.Logging.Bucket['Fn::GetAtt']).toEqual([
      id,
      'RegionalDomainName',
    ]);
    const policy = all('AWS::S3::BucketPolicy').find(([, one]) => one.Properties.Bucket.Ref === id)!;
    const writers: string[] = policy[1].Properties.PolicyDocument.Statement.filter(
      ({ Effect, Action }: { Effect: string; Action: string | string[] }) =>
        Effect === 'Allow' && [Action].flat().some((one) => /^s3:(Put|\*)/.test(one) && !/Policy$/.test(one)),
    ).map(({ Principal }: { Principal: unknown }) => JSON.stringify(Principal));
    const known = /logging\.s3\.amazonaws\.com|delivery\.logs\.amazonaws\.com|::127311923021:root/; // the last: ELB's, in us-east-1
    expect(writers.filter((one) => !known.test(one))).toEqual([]);
    expect(writers.some((one) => one.includes('127311923021'))).toBe(true);
  });

  test('S3 is reached without the NAT', () => {
    const [[, endpoint]] = all('AWS::EC2::VPCEndpoint') as [[string, Resource]];
    expect(endpoint.Properties.VpcEndpointType).toBe('Gateway');
    expect(JSON.stringify(endpoint.Properties.ServiceName)).toContain('.s3');
    expect(endpoint.Properties.RouteTableIds).toHaveLength(2 + 2); // inside and outside, in two zones
  });

  test('nobody may do everything to data; what serves may only read weights', () => {
    const ours = statements(all).filter(({ id }) => !id.startsWith('CustomS3ObjectCopy')); // CDK's own
    for (const { id, actions, resource } of ours) {
      for (const action of actions) {
        expect(action, id).not.toMatch(/^(s3|ecs|secretsmanager|elasticfilesystem|iam):.*\*|^\*$/);
      }
      if (resource.includes('"Models'))
        expect(
          id.startsWith('FineTuning') || actions.every((one) => /^s3:(GetObject|ListBucket)$/.test(one)),
          id,
        ).toBe(true);
    }
    const readers = ours.filter(({ resource }) => resource.includes('"Models')).map(({ id }) => id);
    const fetching = plan.workloads.filter(({ weights }) => weights.length > 0).map(({ name }) => idOf(name));
    expect([...new Set(readers.map((id) => id.split(/Task|Role/)[0]))].sort()).toEqual(
      [
        ...(plan.site.stores.weights?.kind === 's3' ? fetching : []),
        ...(plan.site.cloud.fineTuning ? ['FineTuning'] : []),
      ].sort(),
    );
  });

  test('the gateway may wake exactly those services that sleep, and sign uploads', () => {
    const asleep = plan.workloads.filter(({ replicas }) => replicas.min === 0).map(({ name }) => name);
    const wake = statements(all).filter(({ actions }) => actions.includes('ecs:UpdateService'));
    expect(wake).toHaveLength(1);
    expect(wake[0]!.id).toMatch(/^gateway/i);
    expect(wake[0]!.actions).toEqual(['ecs:DescribeServices', 'ecs:UpdateService']);
    const services = all('AWS::ECS::Service').map(([id]) => id);
    const granted = services.filter((id) => wake[0]!.resource.includes(`"${id}"`));
    expect(granted.map((id) => id.split('Service')[0])).toEqual(asleep.map(idOf));
    expect(wake[0]!.resource).not.toContain('*');
    for (const name of asleep) expect(text.includes(`\\"${name}\\":{\\"cluster`), name).toBe(true);

    const uploads = statements(all).filter(({ resource }) => resource.includes('"Uploads'));
    expect(uploads.map(({ actions }) => actions)).toEqual([['s3:GetObject', 's3:PutObject']]);
    expect(uploads[0]!.id).toMatch(/^gateway/i);
  });

  test('what clients stored can be mounted by its own workload alone', () => {
    const mounts = statements(all).filter(({ actions }) =>
      actions.some((one) => one.startsWith('elasticfilesystem:')),
    );
    const folders = all('AWS::EFS::AccessPoint').map(([id]) => id);
    expect(mounts).toHaveLength(folders.length);
    for (const { id, actions, condition } of mounts) {
      expect(actions, id).toEqual(['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite']);
      expect(condition, id).toEqual({
        StringEquals: {
          'elasticfilesystem:AccessPointArn': {
            'Fn::Join': [
              '',
              expect.arrayContaining([{ Ref: folders.find((one) => one.includes(id.split('Task')[0]!)) }]),
            ],
          },
        },
      });
    }
  });

  test('nothing that has to outlive the stack is in the way of a second try at making it', () => {
    const resources: Record<string, Resource> = template.toJSON().Resources;
    for (const [id, { DeletionPolicy }] of Object.entries(resources))
      expect(DeletionPolicy, id).not.toBe('Retain');
  });

  test('cards are asked for by the services that need them, and by nobody else', () => {
    for (const [id, { Properties }] of all('AWS::ECS::TaskDefinition')) {
      const workload = plan.workloads.find(({ name }) => Properties.ContainerDefinitions[0].Name === name)!;
      const cards = Properties.ContainerDefinitions.flatMap(
        (one: { ResourceRequirements?: unknown[] }) => one.ResourceRequirements ?? [],
      );
      expect(cards, id).toEqual(workload.gpus > 0 ? [{ Type: 'GPU', Value: String(workload.gpus) }] : []);
      expect(Properties.RequiresCompatibilities, id).toEqual([
        workload.gpus > 0 ? 'MANAGED_INSTANCES' : 'FARGATE',
      ]);
    }
    const types = all('AWS::ECS::CapacityProvider').map(
      ([, { Properties }]) =>
        Properties.ManagedInstancesProvider.InstanceLaunchTemplate.InstanceRequirements.AllowedInstanceTypes,
    );
    expect(types).toEqual(plan.workloads.flatMap(({ instance }) => (instance ? [[instance.type]] : [])));
  });

  test('a task fits the machine that it is planned for', () => {
    for (const [id, { Properties }] of all('AWS::ECS::TaskDefinition')) {
      const workload = plan.workloads.find(({ name }) => Properties.ContainerDefinitions[0].Name === name)!;
      expect(Number(Properties.Memory) * 2 ** 20, id).toBeGreaterThanOrEqual(workload.memory);
      if (workload.instance)
        expect(Number(Properties.Memory) * 2 ** 20, id).toBeLessThan(workload.instance.memory * 0.95);
    }
  });

  test('tasks begin when they may read their secrets, and reach the hub and their files', () => {
    const routes = all('AWS::EC2::Route')
      .filter(([, { Properties }]) => Properties.NatGatewayId)
      .map(([id]) => id);
    expect(routes).toHaveLength(2);
    for (const [id, { Properties, DependsOn }] of all('AWS::ECS::Service')) {
      const [, task] = all('AWS::ECS::TaskDefinition').find(
        ([name]) => name === Properties.TaskDefinition.Ref,
      )!;
      const [role] = task.Properties.ExecutionRoleArn['Fn::GetAtt'];
      const policies = all('AWS::IAM::Policy').filter(([, one]) => one.Properties.Roles[0].Ref === role);
      const mounts = task.Properties.Volumes.some(
        (one: { EFSVolumeConfiguration?: unknown }) => one.EFSVolumeConfiguration,
      )
        ? all('AWS::EFS::MountTarget')
        : [];
      const needed = [...routes, ...[...policies, ...mounts].map(([name]) => name)];
      expect(policies, id).toHaveLength(1);
      expect(DependsOn, id).toEqual(expect.arrayContaining(needed));
    }
    const isStored = all('AWS::EFS::FileSystem').length > 0;
    expect(all('AWS::EFS::MountTarget').length).toBe(isStored ? 2 : 0);
  });

  test('a service that may be nobody begins so, and the others do not', () => {
    for (const { name, replicas } of plan.workloads) {
      const found = all('AWS::ECS::Service').find(([id]) => id.startsWith(`${idOf(name)}Service`));
      if (found) expect(found[1].Properties.DesiredCount === 0, name).toBe(replicas.min === 0);
    }
  });

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

  test('no secret is in plain variables', () => {
    const secrets = plan.workloads.flatMap((one) => one.secrets.map(({ env }) => env));
    for (const [id, { Properties }] of all('AWS::ECS::TaskDefinition'))
      for (const container of Properties.ContainerDefinitions)
        expect(
          (container.Environment ?? [])
            .map(({ Name }: { Name: string }) => Name)
            .filter((name: string) => secrets.includes(name)),
          id,
        ).toEqual([]);
    const functions = [
      ...all('AWS::Lambda::WebFunctionRevision').map(
        ([, one]) => one.Properties.ServiceConfig.EnvironmentVariables,
      ),
      ...all('AWS::Lambda::Function').map(([, one]) => one.Properties.Environment?.Variables ?? {}),
    ];
    for (const variables of functions)
      for (const name of secrets) expect(Object.keys(variables)).not.toContain(name);
    const read = [...text.matchAll(/\{\{resolve:/g)];
    expect(read).toHaveLength(frontDoor === 'container' ? 0 : 1); // that of the next promise
  });

  test('a function is told who comes through CloudFront, by what CloudFront alone has been told', () => {
    const [[, { Properties }]] = all('AWS::CloudFront::Distribution') as [[string, Resource]];
    const headers = Properties.DistributionConfig.Origins.map(
      ({ OriginCustomHeaders }: { OriginCustomHeaders?: unknown }) => OriginCustomHeaders,
    );
    const [found] = all('AWS::SecretsManager::Secret').filter(([id]) => id.startsWith('GatewayOriginSecret'));
    if (frontDoor === 'container') {
      expect([headers, found]).toEqual([[undefined], undefined]); // it has no address outside
      return;
    }
    const [id, secret] = found!;
    expect(secret.Properties.GenerateSecretString.PasswordLength).toBeGreaterThanOrEqual(32);
    const value = { 'Fn::Join': ['', ['{{resolve:secretsmanager:', { Ref: id }, ':SecretString:::}}']] };
    expect(headers).toEqual([[{ HeaderName: 'x-cria-origin-secret', HeaderValue: value }]]);
    const variables = [
      ...all('AWS::Lambda::WebFunctionRevision').map(
        ([, one]) => one.Properties.ServiceConfig.EnvironmentVariables,
      ),
      ...all('AWS::Lambda::Function').map(([, one]) => one.Properties.Environment?.Variables ?? {}),
    ].filter(({ CRIA_ROUTES }) => CRIA_ROUTES !== undefined);
    expect(variables).toHaveLength(1);
    expect(JSON.stringify(variables[0].CRIA_SECRETS)).toContain(
      `\\"CRIA_ORIGIN_SECRET\\":\\"",{"Ref":"${id}"}`,
    );
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

  test('the balancer is inside, and lets in only those who are named', () => {
    const [[, { Properties }]] = all('AWS::ElasticLoadBalancingV2::LoadBalancer') as [[string, Resource]];
    expect(Properties.Scheme).toBe('internal');
    for (const [id, { Properties: one }] of [
      ...all('AWS::EC2::SecurityGroup'),
      ...all('AWS::EC2::SecurityGroupIngress'),
    ])
      expect(JSON.stringify({ ...one, SecurityGroupEgress: [] }), id).not.toContain('CidrIp'); // a group, or CloudFront's list
    for (const [id, one] of all('AWS::ECS::Service'))
      expect(one.Properties.NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp, id).toBe('DISABLED');
  });

  test('clients come over TLS, through a firewall, and see its headers', () => {
    const [[, { Properties }]] = all('AWS::CloudFront::Distribution') as [[string, Resource]];
    const { DefaultCacheBehavior, WebACLId, Aliases } = Properties.DistributionConfig;
    expect(DefaultCacheBehavior).toMatchObject({
      ViewerProtocolPolicy: 'https-only',
      CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
      ResponseHeadersPolicyId: expect.anything(),
    });
    expect(WebACLId).toEqual({ 'Fn::GetAtt': [all('AWS::WAFv2::WebACL')[0]![0], 'Arn'] });
    expect(Aliases).toEqual(plan.site.cloud.certificate ? plan.site.gateway.hosts : undefined);
    const [[, logging]] = all('AWS::WAFv2::LoggingConfiguration') as [[string, Resource]];
    const [group] = all('AWS::Logs::LogGroup').find(([id]) => id.startsWith('FirewallLogs'))!;
    expect(logging.Properties.LogDestinationConfigs).toEqual([
      { 'Fn::Join': ['', expect.arrayContaining([expect.stringMatching(/:log-group:$/), { Ref: group }])] },
    ]); // and no `:*` behind it, as the group's own ARN has, which WAF refuses
    expect(logging.Properties.LogDestinationConfigs[0]['Fn::Join'][1].at(-1)).toEqual({ Ref: group });
    template.hasResourceProperties('AWS::CloudFront::ResponseHeadersPolicy', {
      ResponseHeadersPolicyConfig: {
        SecurityHeadersConfig: { StrictTransportSecurity: { AccessControlMaxAgeSec: 31_536_000 } },
      },
    });
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

  test('is far from the limits of a template: 1 MB, and 500 resources', () => {
    expect(text.length).toBeLessThan(250_000);
    expect(Object.keys(template.toJSON().Resources).length).toBeLessThan(250);
  });
}
