/** One resource: made, changed, replaced, put back, deleted; each with its events. */
import { AwsError, validationError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Account, Action } from './account.ts';
import { put, remove } from './effects.ts';
import { physicalIdOf } from './identifiers.ts';
import { resolve, type Scope } from './intrinsics.ts';
import { propertyChanges } from './property-changes.ts';
import type { Stack, StackResource } from './stack.ts';
import { recordResource } from './stack-events.ts';
import type { TemplateResource } from './template.ts';

export interface Applied {
  /** What was replaced, and stands until all has gone well. */
  readonly replaced: StackResource | undefined;
  readonly undo: () => void;
}

/**
 * Brings a resource to what the template says. Undefined where it is so already.
 *
 * Throws   AwsError, after the event that says why
 */
export function applyResource(
  stack: Stack,
  logicalId: string,
  { Type: type, Properties = {}, DeletionPolicy, UpdateReplacePolicy }: TemplateResource,
  scope: Scope,
  account: Account,
): Applied | undefined {
  const old = stack.resources.get(logicalId);
  const verb = old ? 'UPDATE' : 'CREATE';
  const event = (physicalId: string, status: string, reason?: string) =>
    recordResource(stack, { logicalId, physicalId, type }, status, account, reason);
  try {
    const properties = resolve(Properties, scope) as JsonObject;
    const policies = { deletionPolicy: DeletionPolicy, updateReplacePolicy: UpdateReplacePolicy };
    const changes = old ? propertyChanges(type, old.properties, properties, account.spec) : [];
    if (old && changes.length === 0) {
      stack.resources.set(logicalId, { ...old, ...policies });
      return undefined;
    }
    const replaced = changes.some(({ recreation }) => recreation === 'Always') ? old : undefined;
    event(
      old?.physicalId ?? '',
      `${verb}_IN_PROGRESS`,
      replaced && 'Requested update requires the creation of a new physical resource; hence creating one.',
    );
    failIfTold(account, old ? 'update' : 'create', logicalId);

    const origin = { stackName: stack.name, stackId: stack.id, logicalId, serial: account.nextSerial() };
    const kept = replaced ? undefined : old?.physicalId;
    const physicalId = kept ?? physicalIdOf(type, properties, origin, account.spec);
    const made = { logicalId, physicalId, type, properties, ...policies, status: `${verb}_COMPLETE` };
    if (kept === undefined) take(made, replaced, account);
    const next = put(made, account);
    stack.resources.set(logicalId, next);
    event(physicalId, `${verb}_COMPLETE`);
    return { replaced, undo: () => undo(stack, next, old, replaced !== undefined, account) };
  } catch (error) {
    if (error instanceof AwsError) event(old?.physicalId ?? '', `${verb}_FAILED`, error.message);
    throw error;
  }
}

/** Names are taken in the whole account, until what has them is deleted. */
function take(
  next: Pick<StackResource, 'type' | 'physicalId'>,
  replaced: StackResource | undefined,
  { taken }: Account,
): void {
  const name = `${next.type} ${next.physicalId}`;
  if (replaced?.physicalId === next.physicalId)
    throw validationError(
      `CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename ${next.physicalId} and update the stack again.`,
    );
  if (taken.has(name)) throw new AwsError('AlreadyExistsException', `${next.physicalId} already exists`);
  taken.add(name);
}

function undo(
  stack: Stack,
  next: StackResource,
  old: StackResource | undefined,
  replaced: boolean,
  account: Account,
): void {
  if (!old) {
    stack.resources.delete(next.logicalId);
    deleteResource(stack, next, account, next.deletionPolicy === 'Retain'); // yes: it is left behind
    return;
  }
  recordResource(stack, old, 'UPDATE_IN_PROGRESS', account);
  if (!replaced) put(old, account);
  stack.resources.set(old.logicalId, old);
  recordResource(stack, old, 'UPDATE_COMPLETE', account);
  if (replaced) deleteResource(stack, next, account, false);
}

/** Throws   AwsError, after the event that says why */
export function deleteResource(stack: Stack, resource: StackResource, account: Account, keep: boolean): void {
  if (keep) {
    recordResource(stack, resource, 'DELETE_SKIPPED', account);
    return;
  }
  recordResource(stack, resource, 'DELETE_IN_PROGRESS', account);
  try {
    failIfTold(account, 'delete', resource.logicalId);
    remove(resource, account);
  } catch (error) {
    if (error instanceof AwsError) recordResource(stack, resource, 'DELETE_FAILED', account, error.message);
    throw error;
  }
  account.taken.delete(`${resource.type} ${resource.physicalId}`);
  recordResource(stack, resource, 'DELETE_COMPLETE', account);
}

function failIfTold({ failure }: Account, action: Action, logicalId: string): void {
  const reason = failure(action, logicalId);
  if (reason !== undefined) throw new AwsError('GeneralServiceException', reason);
}
