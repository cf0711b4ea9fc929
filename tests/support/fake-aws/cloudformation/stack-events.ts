import type { Account } from './account.ts';
import type { Stack, StackResource } from './stack.ts';

export function recordResource(
  stack: Stack,
  { logicalId, physicalId, type }: Pick<StackResource, 'logicalId' | 'physicalId' | 'type'>,
  status: string,
  { nowMs }: Pick<Account, 'nowMs'>,
  reason?: string,
): void {
  const time = new Date(nowMs()).toISOString();
  stack.events.push({ id: stack.events.length, logicalId, physicalId, type, status, reason, time });
}

/** The stack's own state, which is an event too. */
export function recordStack(
  stack: Stack,
  status: string,
  account: Pick<Account, 'nowMs'>,
  reason?: string,
): void {
  stack.status = status;
  stack.statusReason = reason;
  recordResource(
    stack,
    { logicalId: stack.name, physicalId: stack.id, type: 'AWS::CloudFormation::Stack' },
    status,
    account,
    reason,
  );
}
