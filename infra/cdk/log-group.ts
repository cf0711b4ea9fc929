import { LogGroup, type LogGroupProps } from 'aws-cdk-lib/aws-logs';
import type { Place } from './place.ts';
import { removalIn } from './removal.ts';

/** Logs that end: nothing in the stack writes to a group that keeps them for ever. */
export function logGroup({ scope, stage }: Place, id: string, props: LogGroupProps = {}): LogGroup {
  return new LogGroup(scope, id, {
    retention: stage.logDays,
    removalPolicy: removalIn(stage),
    ...props,
  });
}
