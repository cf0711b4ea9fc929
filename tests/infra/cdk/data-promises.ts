/** What every stack promises of data: who may read it, and what outlives what. */
import { expect, test } from 'vitest';
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

export function dataPromises({ plan, stage, text, template, all }: Synthesized): void {
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
}
