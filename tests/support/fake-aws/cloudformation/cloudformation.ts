/** CloudFormation's API, as far as the CLI asks for it. */
import { AwsError, validationError } from '../errors.ts';
import { members, type QueryActions, queryService, type Service, type XmlValue } from '../protocol.ts';
import type { Account } from './account.ts';
import { NO_CHANGES, planChanges } from './change-set.ts';
import { deleteStack, deploy } from './deployment.ts';
import { parameterValues } from './parameters.ts';
import { ACCOUNT, REGION } from './pseudo-parameters.ts';
import type { Change, ChangeSet, Stack } from './stack.ts';
import { recordStack } from './stack-events.ts';
import { parseTemplate } from './template.ts';

/** Stacks by name, and those deleted by id only. */
export type Stacks = Map<string, Stack>;

const ARN = `arn:aws:cloudformation:${REGION}:${ACCOUNT}`;

export function cloudFormation(stacks: Stacks, account: Account): Service {
  return queryService(
    actions(stacks, account),
    (action) => new AwsError('InvalidAction', `CloudFormation: ${action}`),
  );
}

function actions(stacks: Stacks, account: Account): QueryActions {
  const exists = ({ status }: Stack) => status !== 'DELETE_COMPLETE';

  function find(parameters: URLSearchParams): Stack | undefined {
    const nameOrId = parameters.get('StackName') ?? '';
    return [...stacks.values()].find((stack) =>
      nameOrId.startsWith('arn:') ? stack.id === nameOrId : stack.name === nameOrId && exists(stack),
    );
  }

  function stackOf(parameters: URLSearchParams): Stack {
    const found = find(parameters);
    if (!found) throw validationError(`Stack with id ${parameters.get('StackName')} does not exist`);
    return found;
  }

  function changeSetOf(parameters: URLSearchParams): {
    readonly stack: Stack;
    readonly changeSet: ChangeSet;
  } {
    const stack = stackOf(parameters);
    const name = changeSetName(parameters);
    const changeSet = stack.changeSets.get(name);
    if (!changeSet) throw new AwsError('ChangeSetNotFound', `ChangeSet [${name}] does not exist`, 404);
    return { stack, changeSet };
  }

  function newStack(name: string): Stack {
    const stack: Stack = {
      name,
      id: `${ARN}:stack/${name}/${account.nextSerial()}`,
      created: new Date(account.nowMs()).toISOString(),
      status: 'REVIEW_IN_PROGRESS',
      statusReason: undefined,
      templateText: '',
      template: undefined,
      parameters: {},
      tags: {},
      outputs: [],
      terminationProtection: false,
      resources: new Map(),
      imports: new Set(),
      events: [],
      changeSets: new Map(),
    };
    stacks.set(stack.id, stack);
    recordStack(stack, 'REVIEW_IN_PROGRESS', account, 'User Initiated');
    return stack;
  }

  function templateText(parameters: URLSearchParams): string {
    const body = parameters.get('TemplateBody');
    if (body !== null) return body;
    const [bucket, ...key] = new URL(parameters.get('TemplateURL') ?? '').pathname.slice(1).split('/');
    return account.s3.get(bucket!, key.map(decodeURIComponent).join('/')).bytes.toString();
  }

  /** Throws AwsError: what others import may not go. */
  function refuseIfImported(stack: Stack): void {
    for (const { exportName } of stack.outputs) {
      const user = [...stacks.values()].find(
        (one) => exists(one) && exportName && one.imports.has(exportName),
      );
      if (user)
        throw validationError(`Export ${exportName} cannot be deleted as it is in use by ${user.name}`);
    }
  }

  return {
    DescribeStacks: (parameters) => ({
      Stacks: (parameters.has('StackName') ? [stackOf(parameters)] : [...stacks.values()].filter(exists)).map(
        describeStack,
      ),
    }),
    GetTemplate: (parameters) => ({ TemplateBody: stackOf(parameters).templateText }),
    CreateChangeSet(parameters) {
      const type = parameters.get('ChangeSetType') === 'CREATE' ? 'CREATE' : 'UPDATE';
      const text = templateText(parameters);
      const template = parseTemplate(text);
      const found = find(parameters);
      if (type === 'CREATE' && found && found.status !== 'REVIEW_IN_PROGRESS')
        throw new AwsError('AlreadyExistsException', `Stack [${found.name}] already exists`);
      if (found && /IN_PROGRESS$/.test(found.status) && found.status !== 'REVIEW_IN_PROGRESS')
        throw validationError(`Stack ${found.id} is in ${found.status} state and can not be updated.`);
      if (type === 'UPDATE' && found && /^(ROLLBACK_COMPLETE|.*_FAILED)$/.test(found.status))
        throw validationError(`Stack ${found.id} is in ${found.status} state and can not be updated.`);
      const given = new Map(
        members(parameters, 'Parameters').map(({ ParameterKey, ParameterValue, UsePreviousValue }) => [
          ParameterKey!,
          { value: ParameterValue, usePrevious: UsePreviousValue === 'true' },
        ]),
      );
      const values = parameterValues(template, given, found?.parameters ?? {}, account.ssm);
      const stack =
        found ?? (type === 'CREATE' ? newStack(parameters.get('StackName')!) : stackOf(parameters));
      const changeSet = planChanges(
        stack,
        {
          name: parameters.get('ChangeSetName')!,
          type,
          templateText: text,
          template,
          parameters: values,
          tags: Object.fromEntries(members(parameters, 'Tags').map(({ Key, Value }) => [Key!, Value!])),
          capabilities: new Set(members(parameters, 'Capabilities').map((one) => one['']!)),
        },
        account,
      );
      stack.changeSets.set(changeSet.name, changeSet);
      return { Id: idOf(changeSet), StackId: stack.id };
    },
    DescribeChangeSet(parameters) {
      const { stack, changeSet } = changeSetOf(parameters);
      return describeChangeSet(stack, changeSet);
    },
    DeleteChangeSet(parameters) {
      stackOf(parameters).changeSets.delete(changeSetName(parameters)); // once more is no error
      return {};
    },
    ExecuteChangeSet(parameters) {
      const { stack, changeSet } = changeSetOf(parameters);
      if (changeSet.problem !== undefined)
        throw new AwsError('InvalidChangeSetStatus', `ChangeSet [${changeSet.name}] cannot be executed`);
      stack.changeSets.clear(); // the others were made for what is about to change
      stack.imports.clear();
      deploy(stack, changeSet, account);
      return {};
    },
    DescribeStackEvents: (parameters) => ({
      StackEvents: stackOf(parameters)
        .events.map(({ id, logicalId, physicalId, type, status, reason, time }) => ({
          StackId: stackOf(parameters).id,
          EventId: id,
          StackName: stackOf(parameters).name,
          LogicalResourceId: logicalId,
          PhysicalResourceId: physicalId,
          ResourceType: type,
          Timestamp: time,
          ResourceStatus: status,
          ResourceStatusReason: reason,
        }))
        .reverse(),
    }),
    // Hooks and early validation are not in use.
    DescribeEvents: () => ({ OperationEvents: [] }),
    ListHookResults: () => ({ HookResults: [] }),
    DescribeStackResources: (parameters) => ({
      StackResources: [...stackOf(parameters).resources.values()].map(
        ({ logicalId, physicalId, type, status }) => ({
          LogicalResourceId: logicalId,
          PhysicalResourceId: physicalId,
          ResourceType: type,
          ResourceStatus: status,
          Timestamp: stackOf(parameters).created,
        }),
      ),
    }),
    UpdateTerminationProtection(parameters) {
      const stack = stackOf(parameters);
      stack.terminationProtection = parameters.get('EnableTerminationProtection') === 'true';
      return { StackId: stack.id };
    },
    DeleteStack(parameters) {
      const stack = find(parameters);
      if (!stack || !exists(stack)) return {};
      if (stack.terminationProtection)
        throw validationError(
          `Stack [${stack.name}] cannot be deleted while TerminationProtection is enabled`,
        );
      refuseIfImported(stack);
      deleteStack(stack, account);
      return {};
    },
  };
}

/** By name or ARN. */
const changeSetName = (parameters: URLSearchParams): string =>
  (parameters.get('ChangeSetName') ?? '').replace(/^arn:.*:changeSet\/([^/]+)\/.*$/, '$1');

const idOf = ({ name }: ChangeSet): string => `${ARN}:changeSet/${name}/1`;

function describeStack(stack: Stack): XmlValue {
  return {
    StackName: stack.name,
    StackId: stack.id,
    CreationTime: stack.created,
    StackStatus: stack.status,
    StackStatusReason: stack.statusReason,
    DisableRollback: false,
    EnableTerminationProtection: stack.terminationProtection,
    Outputs: stack.outputs.map(({ key, value, exportName }) => ({
      OutputKey: key,
      OutputValue: value,
      ExportName: exportName,
    })),
    Parameters: Object.entries(stack.parameters).map(([ParameterKey, value]) => ({
      ParameterKey,
      ParameterValue: String(value),
    })),
    Tags: tagsOf(stack.tags),
    Capabilities: [],
  };
}

const tagsOf = (tags: Stack['tags']) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

function describeChangeSet(stack: Stack, changeSet: ChangeSet): XmlValue {
  return {
    ChangeSetName: changeSet.name,
    ChangeSetId: idOf(changeSet),
    StackId: stack.id,
    StackName: stack.name,
    Status: changeSet.problem === undefined ? 'CREATE_COMPLETE' : 'FAILED',
    StatusReason: changeSet.problem,
    ExecutionStatus: changeSet.problem === undefined ? 'AVAILABLE' : 'UNAVAILABLE',
    Tags: tagsOf(changeSet.tags),
    Changes: changeSet.problem === NO_CHANGES ? [] : changeSet.changes.map(describeChange),
  };
}

function describeChange({ action, logicalId, physicalId, type, properties }: Change): XmlValue {
  const worst = ['Always', 'Conditionally'].find((one) =>
    properties.some(({ recreation }) => recreation === one),
  );
  return {
    Type: 'Resource',
    ResourceChange: {
      Action: action,
      LogicalResourceId: logicalId,
      PhysicalResourceId: physicalId,
      ResourceType: type,
      Replacement:
        action === 'Modify'
          ? worst === 'Always'
            ? 'True'
            : worst === 'Conditionally'
              ? 'Conditional'
              : 'False'
          : undefined,
      Scope: action === 'Modify' ? ['Properties'] : [],
      Details: properties.map(({ name, recreation }) => ({
        Target: { Attribute: 'Properties', Name: name, RequiresRecreation: recreation },
        Evaluation: 'Static',
        ChangeSource: 'DirectModification',
      })),
    },
  };
}
