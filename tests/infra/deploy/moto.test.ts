/**
 * A second opinion: what moto knows of a site is created there, and read back from the services by signed requests. It
 * knows nothing of the rest; docs/offline-proof.md says what that is.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, jsonAws, queryAws } from '../../support/fake-aws/aws-client.ts';
import { MOTO_ACCOUNT, type Moto, startMoto } from '../../support/moto.ts';
import { EVERYTHING } from '../cdk/everything.ts';
import { type Resource, type Synthesized, synthSite } from '../cdk/synth-site.ts';
import { partOfTemplate } from './part-of-template.ts';

const ASSETS = `cdk-hnb659fds-assets-${MOTO_ACCOUNT}-us-east-1`;
const STACK = 'cria';
const ECS = 'AmazonEC2ContainerServiceV20141113';
const START_MS = 300_000; // pip may have to fetch it

/** What moto creates from a template, of the types that a site has. */
const KNOWN = new Set([
  'AWS::EC2::EIP',
  'AWS::EC2::InternetGateway',
  'AWS::EC2::NatGateway',
  'AWS::EC2::Route',
  'AWS::EC2::RouteTable',
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::EC2::Subnet',
  'AWS::EC2::SubnetRouteTableAssociation',
  'AWS::EC2::VPC',
  'AWS::EC2::VPCGatewayAttachment',
  'AWS::ECS::Cluster',
  'AWS::ECS::Service',
  'AWS::ECS::TaskDefinition',
  'AWS::ElasticLoadBalancingV2::Listener',
  'AWS::ElasticLoadBalancingV2::ListenerRule',
  'AWS::ElasticLoadBalancingV2::LoadBalancer',
  'AWS::ElasticLoadBalancingV2::TargetGroup',
  'AWS::IAM::InstanceProfile',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::Lambda::Function',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::S3::Bucket',
]);

let moto: Moto;
let site: Synthesized;
/** Physical ids, by logical ones. */
let made: ReadonlyMap<string, string>;

/** Those of a type, as the template has them and under the name moto gave them. */
const each = (type: string): [name: string, resource: Resource][] =>
  site.all(type).map(([id, resource]) => [made.get(id)!, resource]);

const cloudFormation = async (parameters: Readonly<Record<string, string>>): Promise<string> => {
  const { status, text } = await queryAws(moto, 'cloudformation', { Version: '2010-05-15', ...parameters });
  expect(status, `${text}\n${moto.log()}`).toBe(200);
  return text;
};

beforeAll(async () => {
  moto = await startMoto();
  site = synthSite({ ...EVERYTHING, cloud: { ...EVERYTHING.cloud, frontDoor: 'function-url' } });
  const template = JSON.stringify(partOfTemplate(JSON.parse(site.text), KNOWN));
  const put = (path: string, body?: string) =>
    ask(moto, 's3', path, { method: 'PUT', ...(body && { body }) });
  await put(`/${ASSETS}`);
  await put(`/${ASSETS}/template.json`, template);
  for (const [, key] of template.matchAll(/"([0-9a-f]{64}\.zip)"/g)) await put(`/${ASSETS}/${key}`, key!);
  await jsonAws(moto, 'ssm', 'AmazonSSM.PutParameter', {
    Name: '/cdk-bootstrap/hnb659fds/version',
    Type: 'String',
    Value: '30',
  });
  await cloudFormation({
    Action: 'CreateStack',
    StackName: STACK,
    TemplateURL: `https://${ASSETS}.s3.amazonaws.com/template.json`,
    'Capabilities.member.1': 'CAPABILITY_NAMED_IAM',
  });
  const text = await cloudFormation({ Action: 'DescribeStackResources', StackName: STACK });
  const resources = text.split('<member>').slice(1); // an ingress of a security group has no name there
  const of = (part: string, field: string) => new RegExp(`<${field}>(.*?)</${field}>`).exec(part)?.[1] ?? '';
  made = new Map(resources.map((one) => [of(one, 'LogicalResourceId'), of(one, 'PhysicalResourceId')]));
}, START_MS);
afterAll(() => moto[Symbol.asyncDispose]());

test('moto creates every resource of the types it knows', () => {
  const wanted = [...KNOWN].flatMap((type) => site.all(type).map(([id]) => id));
  expect([...made.keys()].sort()).toEqual(wanted.sort());
});

test('S3 has the buckets, encrypted', async () => {
  const buckets = each('AWS::S3::Bucket');
  expect(buckets.length).toBeGreaterThan(2);
  for (const [name] of buckets)
    expect((await ask(moto, 's3', `/${name}?encryption`)).text).toContain('<SSEAlgorithm>AES256<');
});

test('IAM has the roles and policies, statement by statement', async () => {
  const iam = { Version: '2010-05-08' };
  for (const [RoleName, { Properties }] of each('AWS::IAM::Role')) {
    const { text } = await queryAws(moto, 'iam', { ...iam, Action: 'GetRole', RoleName });
    const [, encoded] = /<AssumeRolePolicyDocument>(.*?)</.exec(text)!;
    expect(JSON.parse(decodeURIComponent(encoded!))).toEqual(Properties.AssumeRolePolicyDocument);
  }
  for (const [, { Properties }] of each('AWS::IAM::Policy')) {
    const PolicyName = Properties.PolicyName;
    const RoleName = made.get(Properties.Roles[0].Ref)!;
    const { text } = await queryAws(moto, 'iam', { ...iam, Action: 'GetRolePolicy', RoleName, PolicyName });
    const [, encoded] = /<PolicyDocument>(.*?)</.exec(text)!;
    const statements = JSON.parse(decodeURIComponent(encoded!)).Statement as { Action: unknown }[];
    const wanted = Properties.PolicyDocument.Statement as { Action: unknown }[];
    expect(statements.map(({ Action }) => Action)).toEqual(wanted.map(({ Action }) => Action));
    expect(encoded).not.toContain('Fn%3A%3A'); // nothing is left to resolve
  }
});

test('Lambda has the gateway: the bundle, and variables in which every name is resolved', async () => {
  const gateways = each('AWS::Lambda::Function').filter(
    ([, { Properties }]) => Properties.Environment?.Variables.CRIA_ROUTES,
  );
  expect(gateways).toHaveLength(1);
  const [name, { Properties }] = gateways[0]!;
  const { Configuration, Code } = JSON.parse(
    (await ask(moto, 'lambda', `/2015-03-31/functions/${name}`)).text,
  );
  const { Runtime, Handler, Timeout, MemorySize } = Properties;
  expect(Configuration).toMatchObject({ Runtime, Handler, Timeout, MemorySize });
  expect(Configuration.CodeSize).toBe(Properties.Code.S3Key.length); // the bundle's content here is its own name
  expect(Code.Location).toContain(Properties.Code.S3Key);
  const { backends } = JSON.parse(Configuration.Environment.Variables.CRIA_ROUTES);
  for (const { url } of backends) expect(url).toMatch(/^http:\/\/[\w.-]+\.elb\.amazonaws\.com:\d+\/v1$/);
  for (const { cluster } of Object.values<{ cluster: string }>(
    JSON.parse(Configuration.Environment.Variables.CRIA_WAKE),
  ))
    expect([...made.values()]).toContain(cluster);
});

test('ECS has the services, each with its tasks and as many as it begins with', async () => {
  const [[cluster]] = each('AWS::ECS::Cluster') as [[string, Resource]];
  for (const [name, { Properties }] of each('AWS::ECS::Service')) {
    const reply = await jsonAws(moto, 'ecs', `${ECS}.DescribeServices`, { cluster, services: [name] });
    const [service] = JSON.parse(reply.text).services;
    expect(service.desiredCount).toBe(Properties.DesiredCount);
    expect(service.taskDefinition).toBe(made.get(Properties.TaskDefinition.Ref));
  }
  for (const [taskDefinition, { Properties }] of each('AWS::ECS::TaskDefinition')) {
    const reply = await jsonAws(moto, 'ecs', `${ECS}.DescribeTaskDefinition`, { taskDefinition });
    const containers = JSON.parse(reply.text).taskDefinition.containerDefinitions as {
      name: string;
      image: string;
    }[];
    const wanted = Properties.ContainerDefinitions as { Name: string; Image: string }[];
    expect(containers.map(({ name, image }) => [name, image])).toEqual(
      wanted.map(({ Name, Image }) => [Name, Image]),
    );
  }
});

test('Elastic Load Balancing has a listener for every port, before groups that look after health', async () => {
  const elb = { Version: '2015-12-01' };
  const groups = await queryAws(moto, 'elasticloadbalancing', { ...elb, Action: 'DescribeTargetGroups' });
  for (const [arn, { Properties }] of each('AWS::ElasticLoadBalancingV2::TargetGroup')) {
    const group = groups.text.split('<member>').find((part) => part.includes(`<TargetGroupArn>${arn}<`));
    expect(group).toContain(`<Port>${Properties.Port}<`);
    expect(group).toContain(`<HealthCheckPath>${Properties.HealthCheckPath}<`);
  }
  const [[LoadBalancerArn]] = each('AWS::ElasticLoadBalancingV2::LoadBalancer') as [[string, Resource]];
  const listeners = await queryAws(moto, 'elasticloadbalancing', {
    ...elb,
    Action: 'DescribeListeners',
    LoadBalancerArn,
  });
  const ports = [...listeners.text.matchAll(/<Port>(\d+)</g)].map(([, port]) => Number(port));
  const wanted = each('AWS::ElasticLoadBalancingV2::Listener').map(([, { Properties }]) => Properties.Port);
  expect(ports.sort()).toEqual(wanted.sort());
});
