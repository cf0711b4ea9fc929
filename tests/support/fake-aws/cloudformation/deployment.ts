/** Carries a change set out, and back if a resource fails: the order and the states are CloudFormation's. */
import { AwsError, validationError } from '../errors.ts';
import { creationOrder } from '../validation/dependencies.ts';
import type { Account } from './account.ts';
import { resolve } from './intrinsics.ts';
import { type Applied, applyResource, deleteResource } from './resource-operations.ts';
import { scopeOf } from './scope.ts';
import type { ChangeSet, Output, Stack, StackResource } from './stack.ts';
import { recordStack } from './stack-events.ts';
import type { Template } from './template.ts';

export function deploy(stack: Stack, changeSet: ChangeSet, account: Account): void {
  const { type, template, templateText, parameters, tags } = changeSet;
  const applied: Applied[] = [];
  const wanted = existing(template, stack, parameters, account);
  recordStack(stack, `${type}_IN_PROGRESS`, account, 'User Initiated');
  let outputs: Output[];
  try {
    const scope = scopeOf(stack, template, parameters, account);
    for (const id of wanted) {
      const step = applyResource(stack, id, template.Resources[id]!, scope, account);
      if (step) applied.push(step);
    }
    outputs = outputsOf(stack, template, parameters, account);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    // A stack that never stood keeps the template that failed.
    if (type === 'CREATE') Object.assign(stack, { template, templateText, parameters });
    rollBack(stack, type, applied, account);
    return;
  }
  const before = stack.template;
  Object.assign(stack, { template, templateText, parameters, tags, outputs });
  if (type === 'UPDATE') cleanUp(stack, before, wanted, applied, account);
  recordStack(stack, `${type}_COMPLETE`, account);
}

/** The logical ids whose conditions hold, in the order of their creation. */
export function existing(
  template: Template,
  stack: Stack,
  parameters: ChangeSet['parameters'],
  account: Pick<Account, 'spec' | 'exported'>,
): string[] {
  const result = creationOrder(template);
  if ('cycle' in result) throw validationError(`circular dependency: ${result.cycle.join(' → ')}`);
  const scope = scopeOf(stack, template, parameters, account);
  return result.order.filter((id) => {
    const { Condition } = template.Resources[id]!;
    return Condition === undefined || scope.condition(Condition);
  });
}

function rollBack(stack: Stack, type: string, applied: readonly Applied[], account: Account): void {
  const state = type === 'CREATE' ? 'ROLLBACK' : 'UPDATE_ROLLBACK';
  const failed = stack.events.at(-1);
  recordStack(
    stack,
    `${state}_IN_PROGRESS`,
    account,
    `The following resource(s) failed to ${type.toLowerCase()}: [${failed?.logicalId}].`,
  );
  try {
    for (const { undo } of applied.toReversed()) undo();
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    recordStack(stack, `${state}_FAILED`, account, error.message);
    return;
  }
  if (type === 'UPDATE') recordStack(stack, 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', account);
  recordStack(stack, `${state}_COMPLETE`, account);
}

/** What was replaced goes, and what the template has no longer. One that will not go is left, and the update stands. */
function cleanUp(
  stack: Stack,
  before: Template | undefined,
  wanted: readonly string[],
  applied: readonly Applied[],
  account: Account,
): void {
  recordStack(stack, 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', account);
  const replaced = applied.flatMap(({ replaced }) => replaced ?? []);
  const gone = inDeletionOrder(stack, before).filter(({ logicalId }) => !wanted.includes(logicalId));
  const leave = [
    ...replaced.toReversed().map((old) => ({ old, keep: old.updateReplacePolicy === 'Retain' })),
    ...gone.map((old) => ({ old, keep: isRetained(old) })),
  ];
  for (const { old, keep } of leave)
    try {
      deleteResource(stack, old, account, keep);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
    }
  for (const { logicalId } of gone) stack.resources.delete(logicalId);
}

/** Everything but what is to be kept. Ends at the first that cannot be deleted; what is left can be tried again. */
export function deleteStack(stack: Stack, account: Account): void {
  recordStack(stack, 'DELETE_IN_PROGRESS', account, 'User Initiated');
  for (const resource of inDeletionOrder(stack, stack.template)) {
    try {
      deleteResource(stack, resource, account, isRetained(resource));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const reason = `The following resource(s) failed to delete: [${resource.logicalId}].`;
      recordStack(stack, 'DELETE_FAILED', account, reason);
      return;
    }
    stack.resources.delete(resource.logicalId);
  }
  stack.outputs = [];
  recordStack(stack, 'DELETE_COMPLETE', account);
}

/** Each before what it depends on. */
function inDeletionOrder({ resources }: Stack, template: Template | undefined): StackResource[] {
  const result = template && creationOrder(template);
  const order = result && 'order' in result ? result.order.toReversed() : [];
  return order.flatMap((id) => resources.get(id) ?? []);
}

const isRetained = ({ deletionPolicy }: StackResource): boolean =>
  deletionPolicy === 'Retain' || deletionPolicy === 'RetainExceptOnCreate';

function outputsOf(
  stack: Stack,
  template: Template,
  parameters: ChangeSet['parameters'],
  account: Account,
): Output[] {
  const scope = scopeOf(stack, template, parameters, account);
  return Object.entries(template.Outputs)
    .filter(([, { Condition }]) => Condition === undefined || scope.condition(Condition))
    .map(([key, { Value, Export }]) => ({
      key,
      value: String(resolve(Value, scope)),
      exportName: Export && String(resolve(Export.Name, scope)),
    }));
}
