import { Duration, TimeZone } from 'aws-cdk-lib';
import { AdjustmentType, Schedule, StepScalingAction } from 'aws-cdk-lib/aws-applicationautoscaling';
import { Alarm, ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { ApplicationScalingAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ScalableTaskCount } from 'aws-cdk-lib/aws-ecs';
import type { Warm } from '../workload.ts';
import type { Place } from './place.ts';
import type { WorkloadService } from './workload-service.ts';

const BUSY_PERCENT = 75;
const REPLIES_A_MINUTE = 6; // of one request at a time, when a reply takes 10 seconds
const CALM = Duration.minutes(10); // loading a model again is dear

/** Up with the load, and down; to nothing when nobody has asked for a while. Who wakes it again is the gateway. */
export function scale({ plan }: Place, one: WorkloadService): void {
  const { workload, service, requests } = one;
  const { min, max } = workload.replicas;
  if (min === max) return;
  const count = service.autoScaleTaskCount({ minCapacity: min, maxCapacity: max });
  if (max > Math.max(min, 1)) {
    if (workload.gpus > 0)
      count.scaleOnRequestCount('Load', {
        requestsPerTarget: workload.model!.concurrency * REPLIES_A_MINUTE,
        targetGroup: requests,
        scaleInCooldown: CALM,
      });
    else
      count.scaleOnCpuUtilization('Load', { targetUtilizationPercent: BUSY_PERCENT, scaleInCooldown: CALM });
  }
  if (min > 0) return;
  scaleToZero(one, count, plan.site.cloud.idleMinutes);
  if (workload.warm) keepWarm(count, workload.warm);
}

/**
 * Counts only minutes in which a replica was well: one that is being woken has no requests yet and is not idle, and an
 * alarm that stayed on would send it away again.
 */
function scaleToZero(
  { workload, service, requests }: WorkloadService,
  count: ScalableTaskCount,
  minutes: number,
): void {
  const period = Duration.minutes(1);
  const alarm = new Alarm(service, 'Idle', {
    alarmDescription: `${workload.name}: no request for ${minutes} minutes; it goes, and comes back when it is asked for`,
    metric: new MathExpression({
      expression: 'IF(FILL(well, 0) > 0 AND FILL(asked, 0) == 0, 1, 0)',
      usingMetrics: {
        well: requests.metrics.healthyHostCount({ period, statistic: 'Maximum' }),
        asked: requests.metrics.requestCount({ period, statistic: 'Sum' }),
      },
      period,
      label: 'idle',
    }),
    threshold: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: minutes,
    datapointsToAlarm: minutes,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
  const toZero = new StepScalingAction(service, 'ToZero', {
    scalingTarget: count,
    adjustmentType: AdjustmentType.EXACT_CAPACITY,
  });
  toZero.addAdjustment({ adjustment: 0, lowerBound: 0 });
  alarm.addAlarmAction(new ApplicationScalingAction(toZero));
}

/** From the plan's clock to cron's: one action begins a warm time, another ends it. */
function keepWarm(count: ScalableTaskCount, { from, to, days, timeZone }: Warm): void {
  const at = (clock: string) => {
    const [hour, minute] = clock.split(':').map(Number);
    return Schedule.cron({ minute: String(minute), hour: String(hour), weekDay: days });
  };
  const zone = { timeZone: TimeZone.of(timeZone) };
  count.scaleOnSchedule('Warm', { schedule: at(from), minCapacity: 1, ...zone });
  count.scaleOnSchedule('Cool', { schedule: at(to), minCapacity: 0, ...zone });
}
