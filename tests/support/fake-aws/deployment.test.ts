/** CloudFormation's order and states, asked for by signed requests as the CLI asks. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { queryAws } from './aws-client.ts';
import { type FakeAws, fakeAws } from './fake-aws.ts';

type Resources = Readonly<Record<string, object>>;

let aws: FakeAws;
let changeSets = 0;
beforeEach(async () => {
  aws = await fakeAws();
});
afterEach(() => aws[Symbol.asyncDispose]());

async function request(parameters: Readonly<Record<string, string>>): Promise<string> {
  const { status, text } = await queryAws(aws, 'cloudformation', parameters);
  if (status !== 200) throw new Error(/<Message>(.*)<\/Message>/.exec(text)?.[1] ?? text);
  return text;
}

/** A change set, executed. Throws the reason where there is none to execute. */
async function deploy(
  StackName: string,
  Resources: Resources,
  others: object = {},
  form: Readonly<Record<string, string>> = {},
): Promise<string> {
  const known = aws.calls.length > 0 && (await stands(StackName));
  const ChangeSetName = `c${++changeSets}`;
  await request({
    Action: 'CreateChangeSet',
    StackName,
    ChangeSetName,
    ChangeSetType: known ? 'UPDATE' : 'CREATE',
    TemplateBody: JSON.stringify({ Resources, ...others }),
    'Capabilities.member.1': 'CAPABILITY_NAMED_IAM',
    ...form,
  });
  const described = await request({ Action: 'DescribeChangeSet', StackName, ChangeSetName });
  const [, reason] = /<StatusReason>(.*)<\/StatusReason>/.exec(described) ?? [];
  if (reason !== undefined) throw new Error(reason);
  await request({ Action: 'ExecuteChangeSet', StackName, ChangeSetName });
  return described;
}

const stands = (StackName: string) =>
  request({ Action: 'DescribeStacks', StackName }).then(
    () => true,
    () => false,
  );

const destroy = (StackName: string) => request({ Action: 'DeleteStack', StackName });

/** What happened to each since `from`. */
const events = (stack: string, from = 0) =>
  aws
    .stack(stack)
    .events.slice(from)
    .map(({ logicalId, status }) => `${logicalId} ${status}`);

const physicalId = (stack: string, id: string) => aws.stack(stack).resources.get(id)?.physicalId;

const bucket = (properties: object = {}, others: object = {}) => ({
  Type: 'AWS::S3::Bucket',
  Properties: properties,
  ...others,
});
const topic = (properties: object = {}) => ({ Type: 'AWS::SNS::Topic', Properties: properties });

describe('a stack that is new', () => {
  test('is made in the order of its references', async () => {
    await deploy('one', { Last: topic({ DisplayName: { Ref: 'First' } }), First: bucket() });
    expect(events('one')).toEqual([
      'one REVIEW_IN_PROGRESS',
      'one CREATE_IN_PROGRESS',
      'First CREATE_IN_PROGRESS',
      'First CREATE_COMPLETE',
      'Last CREATE_IN_PROGRESS',
      'Last CREATE_COMPLETE',
      'one CREATE_COMPLETE',
    ]);
    const name = physicalId('one', 'First')!;
    expect(name).toMatch(/^one-first-[0-9a-f]{12}$/);
    expect(aws.stack('one').resources.get('Last')?.properties).toEqual({ DisplayName: name });
    expect(aws.s3.has(name)).toBe(true);
  });

  test('is undone when a resource fails, but for what is to be retained', async () => {
    aws.failOnce('create', 'Last', 'quota exceeded');
    await deploy('one', {
      Kept: bucket({ BucketName: 'kept' }, { DeletionPolicy: 'Retain' }),
      Gone: bucket({ BucketName: 'gone' }),
      Last: { ...topic(), DependsOn: ['Kept', 'Gone'] },
    });
    expect(aws.stack('one').status).toBe('ROLLBACK_COMPLETE');
    expect(events('one').slice(-7)).toEqual([
      'Last CREATE_IN_PROGRESS',
      'Last CREATE_FAILED',
      'one ROLLBACK_IN_PROGRESS',
      'Gone DELETE_IN_PROGRESS',
      'Gone DELETE_COMPLETE',
      'Kept DELETE_SKIPPED',
      'one ROLLBACK_COMPLETE',
    ]);
    expect([aws.s3.has('kept'), aws.s3.has('gone')]).toEqual([true, false]);
    await expect(deploy('one', { Kept: bucket() })).rejects.toThrow(
      'is in ROLLBACK_COMPLETE state and can not be updated',
    );
  });

  test('does not get a name that is taken', async () => {
    await deploy('one', { A: bucket({ BucketName: 'name' }) });
    await deploy('two', { B: bucket({ BucketName: 'name' }) });
    expect(aws.stack('two').status).toBe('ROLLBACK_COMPLETE');
    expect(aws.stack('two').events.find(({ status }) => status === 'CREATE_FAILED')?.reason).toBe(
      'name already exists',
    );
  });

  test('needs the bundle that it mentions', async () => {
    const code = { S3Bucket: 'bundles', S3Key: 'gone.zip' };
    aws.s3.createBucket('bundles');
    await deploy('one', {
      A: { Type: 'AWS::Lambda::LayerVersion', Properties: { Content: code } },
    });
    expect(aws.stack('one').events.at(-3)?.reason).toBe('The specified key does not exist: bundles/gone.zip');
  });
});

describe('a change', () => {
  test('of nothing is refused', async () => {
    await deploy('one', { A: bucket() });
    await expect(deploy('one', { A: bucket() })).rejects.toThrow(
      "The submitted information didn't contain changes",
    );
  });

  test('touches what changed, and says so before', async () => {
    await deploy('one', { A: topic({ DisplayName: 'a' }), B: bucket() });
    const from = aws.stack('one').events.length;
    const described = await deploy('one', { A: topic({ DisplayName: 'b' }), B: bucket() });
    expect(described.match(/<LogicalResourceId>\w+/g)).toEqual(['<LogicalResourceId>A']);
    expect(described).toContain('<Replacement>False</Replacement>');
    expect(events('one', from)).toEqual([
      'one UPDATE_IN_PROGRESS',
      'A UPDATE_IN_PROGRESS',
      'A UPDATE_COMPLETE',
      'one UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
      'one UPDATE_COMPLETE',
    ]);
  });

  test('that forces a new resource changes those that name it, and the old one goes last', async () => {
    const resources = (TopicName: string) => ({
      A: topic({ TopicName }),
      B: topic({ DisplayName: { Ref: 'A' } }),
    });
    await deploy('one', resources('old'));
    const [from, old] = [aws.stack('one').events.length, physicalId('one', 'A')];
    const described = await deploy('one', resources('new'));
    expect(described.match(/<Replacement>\w+/g)).toEqual(['<Replacement>True', '<Replacement>False']);
    expect(physicalId('one', 'A')).toMatch(/:new$/);
    expect(aws.stack('one').resources.get('B')?.properties.DisplayName).toBe(physicalId('one', 'A'));
    const last = aws.stack('one').events.slice(from).at(-2);
    expect([last?.logicalId, last?.physicalId, last?.status]).toEqual(['A', old, 'DELETE_COMPLETE']);
  });

  test('that forces a new resource of the same name is refused', async () => {
    const resources = (FifoTopic: boolean) => ({ A: topic({ TopicName: 'same.fifo', FifoTopic }) });
    await deploy('one', resources(false));
    await deploy('one', resources(true));
    expect(aws.stack('one').status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(aws.stack('one').events.find(({ status }) => status === 'UPDATE_FAILED')?.reason).toMatch(
      /^CloudFormation cannot update a stack when a custom-named resource requires replacing/,
    );
  });

  test('that fails leaves everything as it was', async () => {
    const before = { A: topic({ DisplayName: 'a' }), R: topic({ TopicName: 'r' }), X: topic() };
    await deploy('one', before);
    const stack = aws.stack('one');
    const [from, resources] = [stack.events.length, new Map(stack.resources)];
    aws.failOnce('update', 'X', 'no');
    await deploy('one', {
      A: topic({ DisplayName: 'b' }),
      N: bucket({ BucketName: 'new' }),
      R: topic({ TopicName: 's' }),
      X: { ...topic({ DisplayName: 'x' }), DependsOn: ['A', 'N', 'R'] },
    });
    expect(events('one', from).filter((event) => !/^[ANR] .*IN_PROGRESS/.test(event))).toEqual([
      'one UPDATE_IN_PROGRESS',
      'A UPDATE_COMPLETE',
      'N CREATE_COMPLETE',
      'R UPDATE_COMPLETE',
      'X UPDATE_IN_PROGRESS',
      'X UPDATE_FAILED',
      'one UPDATE_ROLLBACK_IN_PROGRESS',
      'R UPDATE_COMPLETE',
      'R DELETE_COMPLETE',
      'N DELETE_COMPLETE',
      'A UPDATE_COMPLETE',
      'one UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS',
      'one UPDATE_ROLLBACK_COMPLETE',
    ]);
    expect(stack.resources).toEqual(resources);
    expect(aws.s3.has('new')).toBe(false);
    expect(JSON.parse(stack.templateText)).toEqual({ Resources: before });
    await deploy('one', { ...before, A: topic({ DisplayName: 'c' }) });
    expect(stack.status).toBe('UPDATE_COMPLETE');
  });

  test('removes what the template has no longer, unless it is to be retained', async () => {
    await deploy('one', {
      A: topic(),
      Kept: bucket({ BucketName: 'kept' }, { DeletionPolicy: 'Retain' }),
      Gone: bucket({ BucketName: 'gone' }),
    });
    await deploy('one', { A: topic() });
    expect([...aws.stack('one').resources.keys()]).toEqual(['A']);
    expect([aws.s3.has('kept'), aws.s3.has('gone')]).toEqual([true, false]);
  });

  test('needs leave for roles', async () => {
    const TemplateBody = JSON.stringify({
      Resources: {
        R: {
          Type: 'AWS::IAM::Role',
          Properties: {
            RoleName: 'r',
            AssumeRolePolicyDocument: {
              Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' }],
            },
          },
        },
      },
    });
    const names = { StackName: 'one', ChangeSetName: 'c' };
    await request({ Action: 'CreateChangeSet', ...names, ChangeSetType: 'CREATE', TemplateBody });
    expect(await request({ Action: 'DescribeChangeSet', ...names })).toContain(
      'Requires capabilities : [CAPABILITY_NAMED_IAM]',
    );
  });
});

describe('a stack that goes', () => {
  test('stays while a bucket is not empty', async () => {
    await deploy('one', { A: bucket({ BucketName: 'full' }), B: topic() });
    aws.s3.put('full', 'weights', Buffer.from('x'));
    await destroy('one');
    expect(aws.stack('one').status).toBe('DELETE_FAILED');
    expect(events('one').at(-2)).toBe('A DELETE_FAILED');
    aws.s3.empty('full');
    await destroy('one');
    expect(() => aws.stack('one')).toThrow('no stack one');
  });

  test('stays while another imports what it exports', async () => {
    const outputs = { Outputs: { Name: { Value: { Ref: 'A' }, Export: { Name: 'name' } } } };
    const user = { B: topic({ DisplayName: { 'Fn::ImportValue': 'name' } }) };
    await expect(deploy('two', user)).rejects.toThrow('No export named name found');
    await deploy('one', { A: bucket({ BucketName: 'shared' }) }, outputs);
    await deploy('two', user);
    expect(aws.stack('two').resources.get('B')?.properties).toEqual({ DisplayName: 'shared' });
    await expect(destroy('one')).rejects.toThrow('Export name cannot be deleted as it is in use by two');
    await destroy('two');
    await destroy('one');
    expect(aws.s3.has('shared')).toBe(false);
  });
});

describe('parameters', () => {
  const resources = { A: topic({ DisplayName: { Ref: 'P' } }) };

  test.each([
    [{ Type: 'String' }, 'Parameters: [P] must have values'],
    [{ Type: 'String', Default: 'b', AllowedValues: ['a'] }, "Parameter 'P' must be one of AllowedValues: a"],
    [{ Type: 'String', Default: 'b', AllowedPattern: 'a+' }, "Parameter 'P' must match pattern a+"],
    [{ Type: 'Number', Default: 3, MaxValue: 2 }, "Parameter 'P' must be from -∞ to 2"],
    [
      { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/gone' },
      'Unable to fetch parameters [/gone] from parameter store for this account.',
    ],
  ])('%o: %s', async (parameter, problem) => {
    await expect(deploy('one', resources, { Parameters: { P: parameter } })).rejects.toThrow(problem);
  });

  test('keep the value of the last time, if they are told to', async () => {
    const others = { Parameters: { P: { Type: 'String', Default: 'a' } } };
    const given = (field: string, value: string) => ({
      'Parameters.member.1.ParameterKey': 'P',
      [`Parameters.member.1.${field}`]: value,
    });
    const changed = { ...resources, B: topic() };
    await deploy('one', resources, others, given('ParameterValue', 'b'));
    await deploy('one', changed, others, given('UsePreviousValue', 'true'));
    expect(aws.stack('one').resources.get('A')?.properties).toEqual({ DisplayName: 'b' });
    await deploy('one', resources, others);
    expect(aws.stack('one').resources.get('A')?.properties).toEqual({ DisplayName: 'a' });
  });
});
