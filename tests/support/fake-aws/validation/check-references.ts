import { type Mention, mentions } from '../cloudformation/intrinsics.ts';
import { pseudoParameters } from '../cloudformation/pseudo-parameters.ts';
import type { Template } from '../cloudformation/template.ts';
import type { Json } from '../json.ts';
import { isCustom, type ServiceSpec } from '../service-spec.ts';

const PSEUDO = pseudoParameters('', '');

/** Every name that a part of the template needs and that is not there. */
export function checkReferences(template: Template, spec: ServiceSpec): string[] {
  const { Resources, Outputs, Conditions } = template;
  return [
    ...Object.entries(Resources).flatMap(([id, resource]) => [
      ...[resource.DependsOn ?? []]
        .flat()
        .filter((other) => !(other in Resources))
        .map((other) => `${id}: DependsOn ${other}, which is no resource`),
      ...checkCondition(id, resource.Condition, template),
      ...checkMentions(id, [resource.Properties], template, spec),
    ]),
    ...Object.entries(Outputs).flatMap(([name, output]) => [
      ...checkCondition(`output ${name}`, output.Condition, template),
      ...checkMentions(`output ${name}`, [output.Value, output.Export?.Name], template, spec),
    ]),
    ...Object.entries(Conditions).flatMap(([name, condition]) =>
      checkMentions(`condition ${name}`, [condition], template, spec),
    ),
  ];
}

function checkCondition(where: string, condition: string | undefined, { Conditions }: Template): string[] {
  if (condition === undefined || condition in Conditions) return [];
  return [`${where}: Condition ${condition} is not defined`];
}

function checkMentions(
  where: string,
  values: readonly Json[],
  template: Template,
  spec: ServiceSpec,
): string[] {
  return [...new Set([...mentions(values)].flatMap((mention) => whatIsWrong(mention, template, spec)))].map(
    (problem) => `${where}: ${problem}`,
  );
}

function whatIsWrong(
  mention: Mention,
  { Resources, Parameters, Conditions, Mappings }: Template,
  spec: ServiceSpec,
): string[] {
  const { name } = mention;
  switch (mention.type) {
    case 'ref':
      return name in PSEUDO || name in Parameters || name in Resources
        ? []
        : [`Ref to ${name}, which is neither resource nor parameter`];
    case 'condition':
      return name in Conditions ? [] : [`Fn::If asks for condition ${name}, which is not defined`];
    case 'mapping':
      return name in Mappings ? [] : [`Fn::FindInMap looks in ${name}, which is no mapping`];
    case 'unknown function':
      return [`${name} is no function`];
    case 'attribute': {
      const type = Resources[name]?.Type;
      if (type === undefined) return [`Fn::GetAtt of ${name}, which is no resource`];
      return hasAttribute(type, mention.attribute, spec)
        ? []
        : [`Fn::GetAtt ${name}.${mention.attribute}: ${type} has no such attribute`];
    }
  }
}

function hasAttribute(type: string, attribute: string, spec: ServiceSpec): boolean {
  if (isCustom(type)) return true;
  if (type === 'AWS::CloudFormation::Stack') return attribute.startsWith('Outputs.');
  const known = spec.resource(type);
  return known === undefined || attribute in known.attributes; // an unknown type is told of once, where it stands
}
