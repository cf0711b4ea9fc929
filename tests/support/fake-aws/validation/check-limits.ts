/** Numbers and names that CloudFormation, or the service behind, bounds. The service spec has no lengths. */
import type { Template } from '../cloudformation/template.ts';
import { sameJson } from '../json.ts';

const MAX = { Resources: 500, Parameters: 200, Outputs: 200, Mappings: 200 } as const;
const LOGICAL_ID = /^[A-Za-z0-9]{1,255}$/;

interface NameRule {
  readonly property: string;
  readonly pattern: RegExp;
  readonly allowed: string;
}

const NAMES: Readonly<Record<string, NameRule>> = {
  'AWS::EC2::SecurityGroup': {
    property: 'GroupDescription',
    pattern: /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/,
    allowed: '1 to 255 of the characters EC2 admits',
  },
  'AWS::ECR::Repository': {
    property: 'RepositoryName',
    pattern: /^(?=.{2,256}$)([a-z0-9]+([._-][a-z0-9]+)*\/)*[a-z0-9]+([._-][a-z0-9]+)*$/,
    allowed: '2 to 256 lower-case letters, digits and separators',
  },
  'AWS::ECS::Cluster': name('ClusterName', /^[A-Za-z0-9_-]{1,255}$/, '1 to 255 letters, digits, - and _'),
  'AWS::ECS::Service': name('ServiceName', /^[A-Za-z0-9_-]{1,255}$/, '1 to 255 letters, digits, - and _'),
  'AWS::ElasticLoadBalancingV2::LoadBalancer': name(
    'Name',
    /^(?!internal-)(?!-)[A-Za-z0-9-]{1,32}(?<!-)$/,
    '1 to 32 letters, digits and -',
  ),
  'AWS::ElasticLoadBalancingV2::TargetGroup': name(
    'Name',
    /^(?!-)[A-Za-z0-9-]{1,32}(?<!-)$/,
    '1 to 32 letters, digits and -',
  ),
  'AWS::IAM::Role': name('RoleName', /^[\w+=,.@-]{1,64}$/, '1 to 64 letters, digits and +=,.@-_'),
  'AWS::IAM::Policy': name('PolicyName', /^[\w+=,.@-]{1,128}$/, '1 to 128 letters, digits and +=,.@-_'),
  'AWS::Lambda::Function': name('FunctionName', /^[A-Za-z0-9_-]{1,64}$/, '1 to 64 letters, digits, - and _'),
  'AWS::Logs::LogGroup': name(
    'LogGroupName',
    /^[.\-_/#A-Za-z0-9]{1,512}$/,
    '1 to 512 letters, digits and ./_-#',
  ),
  'AWS::S3::Bucket': name(
    'BucketName',
    /^(?=.{3,63}$)[a-z0-9][a-z0-9.-]*[a-z0-9]$/,
    '3 to 63 lower-case letters, digits, . and -',
  ),
};

function name(property: string, pattern: RegExp, allowed: string): NameRule {
  return { property, pattern, allowed };
}

export function checkLimits(template: Template): string[] {
  const { Resources } = template;
  return [
    ...Object.entries(MAX).flatMap(([section, max]) => {
      const count = Object.keys(template[section as keyof typeof MAX]).length;
      return count > max ? [`${section}: ${count}, the limit is ${max}`] : [];
    }),
    ...(Object.keys(Resources).length === 0 ? ['Resources: at least one resource must be defined'] : []),
    ...Object.keys(Resources)
      .filter((id) => !LOGICAL_ID.test(id))
      .map((id) => `${id}: a logical id has 1 to 255 letters and digits`),
    ...Object.entries(Resources).flatMap(([id, { Type, Properties }]) => {
      const rule = NAMES[Type];
      const value = rule && Properties?.[rule.property];
      if (typeof value !== 'string' || rule!.pattern.test(value)) return [];
      return [`${id} (${Type}): ${rule!.property} '${value}' must be ${rule!.allowed}`];
    }),
    ...sameNames(template),
  ];
}

/** Two resources of one type that ask for one name, written out or made by the same function. */
function sameNames({ Resources }: Template): string[] {
  const named = Object.entries(Resources).flatMap(([id, { Type, Properties, Condition }]) => {
    const value = Properties?.[NAMES[Type]?.property ?? ''];
    const unique = value !== undefined && Condition === undefined && !NOT_UNIQUE.has(Type);
    return unique ? [{ id, Type, value }] : [];
  });
  return named.flatMap((one, i) =>
    named
      .slice(0, i)
      .filter((other) => other.Type === one.Type && sameJson(other.value, one.value))
      .map((other) => `${one.id} (${one.Type}): has the name of ${other.id}`),
  );
}

/** Descriptions, and names that are unique within something smaller than an account. */
const NOT_UNIQUE = new Set(['AWS::EC2::SecurityGroup', 'AWS::IAM::Policy', 'AWS::ECS::Service']);
