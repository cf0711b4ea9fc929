/** What every stack promises of the ways in: secrets, CloudFront, the balancer. */
import { expect, test } from 'vitest';
import type { Resource, Synthesized } from './synth-site.ts';

/** What each function finds in its environment. */
const functionVariables = (all: Synthesized['all']): Record<string, unknown>[] => [
  ...all('AWS::Lambda::WebFunctionRevision').map(
    ([, one]) => one.Properties.ServiceConfig.EnvironmentVariables,
  ),
  ...all('AWS::Lambda::Function').map(([, one]) => one.Properties.Environment?.Variables ?? {}),
];

export function entryPromises({ plan, text, template, all }: Synthesized): void {
  const { frontDoor } = plan.site.cloud;

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
    for (const variables of functionVariables(all))
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
    const variables = functionVariables(all).filter(({ CRIA_ROUTES }) => CRIA_ROUTES !== undefined);
    expect(variables).toHaveLength(1);
    expect(JSON.stringify(variables[0]!.CRIA_SECRETS)).toContain(
      `\\"CRIA_ORIGIN_SECRET\\":\\"",{"Ref":"${id}"}`,
    );
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
}
