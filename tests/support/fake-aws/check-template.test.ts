/** What the fake account refuses: one broken template a rule, each told by its logical id. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseTemplate } from './cloudformation/template.ts';
import { type ServiceSpec, serviceSpec } from './service-spec.ts';
import { checkTemplate } from './validation/check-template.ts';

type Resources = Readonly<Record<string, object>>;

/** As it stands in a text of Fn::Sub. */
const named = (name: string) => `$\{${name}}`;

const topic = (properties: object = {}) => ({ Type: 'AWS::SNS::Topic', Properties: properties });
const bucket = (properties: object = {}) => ({ Type: 'AWS::S3::Bucket', Properties: properties });
const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
const role = (properties: object = {}) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [trust] },
    ...properties,
  },
});
const allow = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
const policy = (statement: object, version = '2012-10-17') => ({
  Type: 'AWS::IAM::ManagedPolicy',
  Properties: { PolicyDocument: { Version: version, Statement: [statement] } },
});
const lambda = (properties: object) => ({
  Type: 'AWS::Lambda::Function',
  Properties: { Code: { ZipFile: '' }, Role: 'arn:aws:iam::000000000000:role/r', ...properties },
});

let spec: ServiceSpec;
beforeAll(async () => {
  spec = await serviceSpec();
});

const problems = (Resources: Resources, others: object = {}) =>
  checkTemplate(parseTemplate(JSON.stringify({ Resources, ...others })), spec);

describe('a template is refused for', () => {
  test.each<{ rule: string; resources: Resources; others?: object; problem: string }>([
    {
      rule: 'a type that does not exist',
      resources: { A: { Type: 'AWS::S3::Bukket' } },
      problem: 'A: AWS::S3::Bukket is no resource type',
    },
    {
      rule: 'a property that does not exist',
      resources: { A: bucket({ BucketNane: 'x' }) },
      problem: 'A (AWS::S3::Bucket): BucketNane is no property',
    },
    {
      rule: 'a property that does not exist, deep inside',
      resources: { A: bucket({ VersioningConfiguration: { Status: 'Enabled', State: 'x' } }) },
      problem: 'A (AWS::S3::Bucket): VersioningConfiguration.State is no property',
    },
    {
      rule: 'a property that is missing',
      resources: { A: { Type: 'AWS::IAM::Role' } },
      problem: 'A (AWS::IAM::Role): AssumeRolePolicyDocument is missing',
    },
    {
      rule: 'a property that is missing, in an item of a list',
      resources: { A: bucket({ LifecycleConfiguration: { Rules: [{ Id: 'old' }] } }) },
      problem: 'A (AWS::S3::Bucket): LifecycleConfiguration.Rules.0.Status is missing',
    },
    {
      rule: 'a list where there is one value',
      resources: { A: topic({ TopicName: ['x'] }) },
      problem: 'A (AWS::SNS::Topic): TopicName must be a string, not ["x"]',
    },
    {
      rule: 'a word where there is a number',
      resources: { A: lambda({ MemorySize: 'much' }) },
      problem: 'A (AWS::Lambda::Function): MemorySize must be an integer, not "much"',
    },
    {
      rule: 'a word where there is yes or no',
      resources: { A: topic({ FifoTopic: 'often' }) },
      problem: 'A (AWS::SNS::Topic): FifoTopic must be true or false, not "often"',
    },
    {
      rule: 'one value where there is a list',
      resources: { A: lambda({ Architectures: 'arm64' }) },
      problem: 'A (AWS::Lambda::Function): Architectures must be a list, not "arm64"',
    },
    {
      rule: 'a value that is none of those allowed, on one side of a condition',
      resources: { A: lambda({ PackageType: { 'Fn::If': ['Odd', 'Zip', 'Rar'] } }) },
      others: { Conditions: { Odd: { 'Fn::Equals': ['1', '1'] } } },
      problem: 'A (AWS::Lambda::Function): PackageType must be one of Image, Zip, not "Rar"',
    },
    {
      rule: 'a custom resource that nobody serves',
      resources: { A: { Type: 'Custom::Thing', Properties: { Size: 1 } } },
      problem: 'A (Custom::Thing): ServiceToken is missing',
    },
    {
      rule: 'a Ref to nothing',
      resources: { A: topic({ TopicName: { Ref: 'Gone' } }) },
      problem: 'A: Ref to Gone, which is neither resource nor parameter',
    },
    {
      rule: 'an attribute of nothing',
      resources: { A: topic({ TopicName: { 'Fn::GetAtt': ['Gone', 'Arn'] } }) },
      problem: 'A: Fn::GetAtt of Gone, which is no resource',
    },
    {
      rule: 'an attribute that the type does not have',
      resources: { A: topic({ TopicName: { 'Fn::GetAtt': ['B', 'Colour'] } }), B: bucket() },
      problem: 'A: Fn::GetAtt B.Colour: AWS::S3::Bucket has no such attribute',
    },
    {
      rule: 'a name in a text that means nothing',
      resources: {
        A: topic({ TopicName: { 'Fn::Sub': [`${named('Own')}-${named('Gone')}`, { Own: 'x' }] } }),
      },
      problem: 'A: Ref to Gone, which is neither resource nor parameter',
    },
    {
      rule: 'an attribute in a text that the type does not have',
      resources: { A: topic({ TopicName: { 'Fn::Sub': named('B.Colour') } }), B: bucket() },
      problem: 'A: Fn::GetAtt B.Colour: AWS::S3::Bucket has no such attribute',
    },
    {
      rule: 'waiting for nothing',
      resources: { A: { ...topic(), DependsOn: ['Gone'] } },
      problem: 'A: DependsOn Gone, which is no resource',
    },
    {
      rule: 'a condition that is not defined',
      resources: { A: { ...topic(), Condition: 'Gone' } },
      problem: 'A: Condition Gone is not defined',
    },
    {
      rule: 'a choice by a condition that is not defined',
      resources: { A: topic({ TopicName: { 'Fn::If': ['Gone', 'a', 'b'] } }) },
      problem: 'A: Fn::If asks for condition Gone, which is not defined',
    },
    {
      rule: 'a table that is not there',
      resources: { A: topic({ TopicName: { 'Fn::FindInMap': ['Gone', 'a', 'b'] } }) },
      problem: 'A: Fn::FindInMap looks in Gone, which is no mapping',
    },
    {
      rule: 'a function that does not exist',
      resources: { A: topic({ TopicName: { 'Fn::Concat': ['a', 'b'] } }) },
      problem: 'A: Fn::Concat is no function',
    },
    {
      rule: 'an output of nothing',
      resources: { A: topic() },
      others: { Outputs: { Name: { Value: { Ref: 'Gone' } } } },
      problem: 'output Name: Ref to Gone, which is neither resource nor parameter',
    },
    {
      rule: 'resources that wait for each other',
      resources: {
        A: topic({ TopicName: { Ref: 'B' } }),
        B: { ...bucket(), DependsOn: 'C' },
        C: topic({ DisplayName: { 'Fn::Sub': named('A') } }),
      },
      problem: 'circular dependency: A → B → C → A',
    },
    {
      rule: 'a statement without an effect',
      resources: { A: policy({ ...allow, Effect: 'allow' }) },
      problem: 'A (AWS::IAM::ManagedPolicy): PolicyDocument: Statement.0: Effect must be Allow or Deny',
    },
    {
      rule: 'a version of the language that does not exist',
      resources: { A: policy(allow, '2026-01-01') },
      problem: 'A (AWS::IAM::ManagedPolicy): PolicyDocument: Version 2026-01-01 is none',
    },
    {
      rule: 'a permission to do nothing',
      resources: { A: policy({ Effect: 'Allow', Resource: '*' }) },
      problem: 'A (AWS::IAM::ManagedPolicy): PolicyDocument: Statement.0: needs one of Action, NotAction',
    },
    {
      rule: 'an action without a service',
      resources: { A: policy({ ...allow, Action: ['s3:GetObject', 'PutObject'] }) },
      problem: "A (AWS::IAM::ManagedPolicy): PolicyDocument: Statement.0: 'PutObject' is no action",
    },
    {
      rule: 'a permission on what is no ARN',
      resources: { A: policy({ ...allow, Resource: 'bucket/*' }) },
      problem: "A (AWS::IAM::ManagedPolicy): PolicyDocument: Statement.0: 'bucket/*' is no ARN",
    },
    {
      rule: 'a permission of an identity that names another',
      resources: { A: policy({ ...allow, Principal: '*' }) },
      problem: 'A (AWS::IAM::ManagedPolicy): PolicyDocument: Statement.0: Principal has no place here',
    },
    {
      rule: 'a condition with an operator that does not exist',
      resources: { A: policy({ ...allow, Condition: { StringIs: { 'aws:x': 'y' } } }) },
      problem:
        "A (AWS::IAM::ManagedPolicy): PolicyDocument: Statement.0: 'StringIs' is no operator of a condition",
    },
    {
      rule: 'trust in nobody',
      resources: {
        A: role({ AssumeRolePolicyDocument: { Statement: [{ ...trust, Principal: undefined }] } }),
      },
      problem:
        'A (AWS::IAM::Role): AssumeRolePolicyDocument: Statement.0: needs one of Principal, NotPrincipal',
    },
    {
      rule: 'a bucket policy for nobody',
      resources: {
        A: {
          Type: 'AWS::S3::BucketPolicy',
          Properties: { Bucket: 'b', PolicyDocument: { Statement: [allow] } },
        },
      },
      problem: 'A (AWS::S3::BucketPolicy): PolicyDocument: Statement.0: needs one of Principal, NotPrincipal',
    },
    {
      rule: 'a name with letters that the service does not admit',
      resources: { A: bucket({ BucketName: 'Weights' }) },
      problem:
        "A (AWS::S3::Bucket): BucketName 'Weights' must be 3 to 63 lower-case letters, digits, . and -",
    },
    {
      rule: 'a name that is too long',
      resources: { A: role({ RoleName: 'r'.repeat(65) }) },
      problem: `A (AWS::IAM::Role): RoleName '${'r'.repeat(65)}' must be 1 to 64 letters, digits and +=,.@-_`,
    },
    {
      rule: 'two of one name',
      resources: { A: bucket({ BucketName: 'same' }), B: bucket({ BucketName: 'same' }) },
      problem: 'B (AWS::S3::Bucket): has the name of A',
    },
    {
      rule: 'a logical id with a dash',
      resources: { 'A-1': topic() },
      problem: 'A-1: a logical id has 1 to 255 letters and digits',
    },
    {
      rule: 'no resource at all',
      resources: {},
      problem: 'Resources: at least one resource must be defined',
    },
    {
      rule: 'one resource too many',
      resources: Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`A${i}`, topic()])),
      problem: 'Resources: 501, the limit is 500',
    },
  ])('$rule', ({ resources, others, problem }) => {
    expect(problems(resources, others)).toEqual([problem]);
  });
});

describe('a template is not even read for', () => {
  test.each<{ rule: string; text: string; problem: RegExp }>([
    {
      rule: 'a section that does not exist',
      text: '{"Resources":{},"Output":{}}',
      problem: /^Template format error: : Unrecognized key: "Output"/,
    },
    {
      rule: 'a key of a resource that does not exist',
      text: '{"Resources":{"A":{"Type":"AWS::SNS::Topic","Property":{}}}}',
      problem: /^Template format error: Resources\.A: Unrecognized key: "Property"/,
    },
    {
      rule: 'more than a megabyte',
      text: JSON.stringify({ Description: 'x'.repeat(2 ** 20) }),
      problem: /^Template may not exceed 1000000 bytes in size; it has \d+/,
    },
  ])('$rule', ({ text, problem }) => {
    expect(() => parseTemplate(text)).toThrow(problem);
  });
});

describe('nothing is wrong with', () => {
  test('functions where values stand, whatever they come to', () => {
    const resources = {
      A: lambda({
        MemorySize: { Ref: 'Size' },
        Environment: {
          Variables: {
            BUCKET: { 'Fn::Sub': `${named('B.Arn')}/${named('!literal')}/${named('AWS::Region')}` },
          },
        },
        Layers: { 'Fn::If': ['Odd', ['arn:aws:lambda:x'], { Ref: 'AWS::NoValue' }] },
      }),
      B: bucket(),
    };
    const others = {
      Parameters: { Size: { Type: 'Number', Default: 128 } },
      Conditions: { Odd: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Size' }, 128] }] } },
    };
    expect(problems(resources, others)).toEqual([]);
  });

  test("the CLI's own bootstrap template", async () => {
    const cli = dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json'));
    const text = await readFile(join(cli, 'lib/api/bootstrap/bootstrap-template.yaml'), 'utf8');
    expect(checkTemplate(parseTemplate(text), spec)).toEqual([]);
  });
});
