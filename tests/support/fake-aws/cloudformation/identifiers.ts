/** What `Ref` and `Fn::GetAtt` of a resource come to, and its name in the account. */
import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../json.ts';
import { isCustom, type ServiceSpec } from '../service-spec.ts';
import { ACCOUNT, REGION } from './pseudo-parameters.ts';
import type { StackResource } from './stack.ts';

/** What CloudFormation makes a name of when the template gives none. */
export interface Origin {
  readonly stackName: string;
  readonly stackId: string;
  readonly logicalId: string;
  /** Another one each time the resource is made anew. */
  readonly serial: number;
}

const MAX_NAME: Readonly<Record<string, number>> = {
  'AWS::S3::Bucket': 63,
  'AWS::ElasticLoadBalancingV2::LoadBalancer': 32,
  'AWS::ElasticLoadBalancingV2::TargetGroup': 32,
};
const DEFAULT_MAX_NAME = 64;

/** What stands at the end of an ARN where the spec has no template for it, and the CDK takes the ARN apart. */
const ARN_ENDS: Readonly<Record<string, (name: string) => string>> = {
  'AWS::ElasticLoadBalancingV2::LoadBalancer': (name) => `loadbalancer/app/${name}/0123456789abcdef`,
  'AWS::ElasticLoadBalancingV2::Listener': (name) => `listener/app/${name}/0123456789abcdef/0123456789abcdef`,
  'AWS::ElasticLoadBalancingV2::TargetGroup': (name) => `targetgroup/${name}/0123456789abcdef`,
};

/** Whose `Id`, says the spec, is what `Ref` gives, and which is an ARN all the same. */
const ID_IS_ARN = new Set(['AWS::SecretsManager::Secret']);

export function physicalIdOf(
  type: string,
  properties: JsonObject,
  origin: Origin,
  spec: ServiceSpec,
): string {
  const resource = spec.resource(type);
  if (isCustom(type) || resource === undefined) return generatedName(type, origin);
  const parts = resource.cfnRefIdentifier ?? resource.primaryIdentifier ?? [];
  if (parts.length === 0) return generatedName(type, origin);
  return parts
    .map((part) => {
      const given = properties[part];
      if (typeof given === 'string') return given;
      if (part.endsWith('Arn') || ID_IS_ARN.has(type))
        return arnOf(type, resource.arnTemplate, properties, generatedName(type, origin));
      return part.endsWith('Id') ? generatedId(type, origin) : generatedName(type, origin);
    })
    .join('|');
}

/** Of the type the spec says: a string, a number or a list of one. */
export function attributeOf(
  { type, properties, attributes, physicalId }: StackResource,
  name: string,
  spec: ServiceSpec,
): Json {
  const resource = spec.resource(type);
  const given = attributes[name] ?? properties[name];
  if (given !== undefined) return given;
  const value = attributeText(type, properties, physicalId, name, spec);
  switch (resource?.attributes[name]?.type.type) {
    case 'integer':
    case 'number':
      return 1;
    case 'array':
      return [value];
    default:
      return value;
  }
}

function attributeText(
  type: string,
  properties: JsonObject,
  physicalId: string,
  name: string,
  spec: ServiceSpec,
): string {
  const label = physicalId
    .split(/[:/|]/)
    .at(-1)!
    .replace(/[^A-Za-z0-9]+/g, '-');
  const host = `${label.toLowerCase()}.${serviceOf(type)}.invalid`;
  if (/(Domain|DNS)Name$|Endpoint/.test(name)) return host;
  if (name.endsWith('Url')) return `https://${host}/`;
  if (name.endsWith('Id') || name === 'Name') return physicalId;
  if (!name.endsWith('Arn')) return `${physicalId}-${name}`;
  if (physicalId.startsWith('arn:')) return physicalId;
  return arnOf(type, spec.resource(type)?.arnTemplate, properties, physicalId);
}

function arnOf(type: string, template: string | undefined, properties: JsonObject, name: string): string {
  const known: Readonly<Record<string, string>> = { Partition: 'aws', Region: REGION, Account: ACCOUNT };
  const end = ARN_ENDS[type]?.(name) ?? `${type.split('::').at(-1)!.toLowerCase()}/${name}`;
  return (template ?? `arn:aws:${serviceOf(type)}:${REGION}:${ACCOUNT}:${end}`).replace(
    /\$\{(\w+)\}/g,
    (_, key: string) => {
      const given = properties[key];
      return known[key] ?? (typeof given === 'string' ? given : name);
    },
  );
}

function serviceOf(type: string): string {
  return (type.split('::')[1] ?? 'custom').toLowerCase().replace(/v2$/, '');
}

function digest({ stackId, logicalId, serial }: Origin): string {
  return createHash('sha256').update(`${stackId} ${logicalId} ${serial}`).digest('hex');
}

function generatedId(type: string, origin: Origin): string {
  const short = type.split('::').at(-1)!.replace(/[a-z]/g, '').toLowerCase();
  return `${short}-${digest(origin).slice(0, 17)}`;
}

function generatedName(type: string, origin: Origin): string {
  const suffix = digest(origin).slice(0, 12).toUpperCase();
  const max = MAX_NAME[type] ?? DEFAULT_MAX_NAME;
  const readable = `${origin.stackName.slice(0, max / 3)}-${origin.logicalId}`.slice(
    0,
    max - suffix.length - 1,
  );
  const name = `${readable}-${suffix}`;
  return type === 'AWS::S3::Bucket' ? name.toLowerCase() : name;
}
