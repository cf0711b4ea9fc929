import { validationError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { sameJson } from '../json.ts';
import { checkTemplate } from '../validation/check-template.ts';
import type { Account } from './account.ts';
import { existing } from './deployment.ts';
import { physicalIdOf } from './identifiers.ts';
import { resolve } from './intrinsics.ts';
import { propertyChanges } from './property-changes.ts';
import { scopeOf } from './scope.ts';
import type { Change, ChangeSet, Stack, StackResource } from './stack.ts';
import type { Template } from './template.ts';

export const NO_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set.";

export type Wanted = Pick<
  ChangeSet,
  'name' | 'type' | 'templateText' | 'template' | 'parameters' | 'tags'
> & {
  readonly capabilities: ReadonlySet<string>;
};

/** What would happen. A template that is not sound is a change set that failed, with the reasons. */
export function planChanges(stack: Stack, wanted: Wanted, account: Account): ChangeSet {
  const { capabilities, ...rest } = wanted;
  const failed = (problem: string): ChangeSet => ({ ...rest, changes: [], problem });

  const problems = checkTemplate(wanted.template, account.spec);
  if (problems.length > 0) return failed(`Template error: ${problems.join('; ')}`);
  const capability = neededCapability(wanted.template);
  if (capability !== undefined && ![...capabilities].some((one) => capability.includes(one)))
    return failed(`Requires capabilities : [${capability[0]}]`);
  const rule = brokenRule(stack, wanted, account);
  if (rule !== undefined) return failed(`Rule ${rule}`);

  const changes = changesOf(stack, wanted, account);
  const quiet =
    changes.length === 0 &&
    sameJson(outputsIn(stack.template), outputsIn(wanted.template)) &&
    sameJson(stack.tags, wanted.tags);
  return quiet && wanted.type === 'UPDATE' ? failed(NO_CHANGES) : { ...rest, changes, problem: undefined };
}

const outputsIn = (template: Template | undefined): Json => template?.Outputs as Json;

/** The least that may create what the template has, or more. */
function neededCapability({ Resources }: Template): readonly string[] | undefined {
  const iam = Object.values(Resources).filter(({ Type }) => Type.startsWith('AWS::IAM::'));
  if (iam.length === 0) return undefined;
  const named = iam.some(({ Properties = {} }) =>
    ['RoleName', 'UserName', 'GroupName', 'ManagedPolicyName', 'InstanceProfileName'].some(
      (key) => key in Properties,
    ),
  );
  return named ? ['CAPABILITY_NAMED_IAM'] : ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'];
}

function brokenRule(stack: Stack, { template, parameters }: Wanted, account: Account): string | undefined {
  const scope = scopeOf(stack, template, parameters, account);
  for (const [name, { RuleCondition, Assertions }] of Object.entries(template.Rules)) {
    if (RuleCondition !== undefined && resolve(RuleCondition, scope) !== true) continue;
    const broken = Assertions.find(({ Assert }) => resolve(Assert, scope) !== true);
    if (broken) return `${name}: ${broken.AssertDescription ?? 'an assertion does not hold'}`;
  }
  return undefined;
}

function changesOf(stack: Stack, { template, parameters }: Wanted, account: Account): Change[] {
  const resources = new Map<string, StackResource>(stack.resources);
  const scope = scopeOf({ ...stack, resources, imports: new Set() }, template, parameters, account);
  const wanted = existing(template, stack, parameters, account);

  const changes = wanted.flatMap((logicalId): Change[] => {
    const { Type: type, Properties = {} } = template.Resources[logicalId]!;
    const old = stack.resources.get(logicalId);
    if (old && old.type !== type)
      throw validationError(
        `Update of resource type is not permitted. The new template modifies resource type of the following resources: [${logicalId}]`,
      );
    const properties = resolve(Properties, scope) as JsonObject;
    const changed = old ? propertyChanges(type, old.properties, properties, account.spec) : [];
    if (old && changed.length === 0) return [];
    if (!old || changed.some(({ recreation }) => recreation === 'Always'))
      resources.set(logicalId, tentative(stack, logicalId, type, properties, account));
    const physicalId = old?.physicalId;
    return [{ action: old ? 'Modify' : 'Add', logicalId, physicalId, type, properties: changed }];
  });
  const gone = [...stack.resources.values()].filter(({ logicalId }) => !wanted.includes(logicalId));
  return [
    ...changes,
    ...gone.map(
      ({ logicalId, physicalId, type }): Change => ({
        action: 'Remove',
        logicalId,
        physicalId,
        type,
        properties: [],
      }),
    ),
  ];
}

/** What others see of a resource that is made anew: a name of its kind, which is not the one it will have. */
function tentative(
  { name, id }: Stack,
  logicalId: string,
  type: string,
  properties: JsonObject,
  { spec }: Account,
): StackResource {
  const origin = { stackName: name, stackId: id, logicalId, serial: 0 };
  return {
    logicalId,
    physicalId: physicalIdOf(type, properties, origin, spec),
    type,
    properties,
    attributes: {},
    deletionPolicy: undefined,
    updateReplacePolicy: undefined,
    status: '',
  };
}
