import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import {
  type ApplicationLoadBalancer,
  HttpCodeElb,
  HttpCodeTarget,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { nameOf, type Place } from './place.ts';
import type { WorkloadService } from './workload-service.ts';

export interface Watched {
  /** Answers of the gateway that are its failures, or a backend's. */
  readonly failures: Metric;
  readonly services: readonly WorkloadService[];
  readonly alb: ApplicationLoadBalancer;
}

type Limits = Pick<AlarmProps, 'threshold' | 'evaluationPeriods' | 'comparisonOperator' | 'treatMissingData'>;

const period = Duration.minutes(5);
const FAILING: Limits = { threshold: 5, evaluationPeriods: 2 };
const DOWN: Limits = {
  threshold: 1,
  evaluationPeriods: 3,
  comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
  treatMissingData: TreatMissingData.BREACHING,
};
const HOURS_ON = 12;

/** Everything that somebody should be told of goes to one topic, when it begins and when it is over. */
export function alarms(place: Place, topic: ITopic, { failures, services, alb }: Watched): void {
  const { scope } = place;
  const action = new SnsAction(topic);
  const watch = new Construct(scope, 'Watch'); // names of workloads are its own
  const alarm = (id: string, says: string, metric: IMetric, limits: Limits) => {
    const made = new Alarm(watch, id, {
      alarmDescription: `${nameOf(place)}: ${says}`,
      metric,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...limits,
    });
    made.addAlarmAction(action);
    made.addOkAction(action);
  };

  alarm('Failing', 'the gateway answers with 5xx', failures, FAILING);
  const broken = alb.metrics.httpCodeElb(HttpCodeElb.ELB_502_COUNT, { period });
  alarm('BrokenOff', 'models break their answers off', broken, FAILING);
  for (const { workload, requests } of services) {
    const { name, instance } = workload;
    const errors = requests.metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, { period });
    const well = (each: Duration) =>
      requests.metrics.healthyHostCount({ period: each, statistic: 'Minimum' });
    alarm(`${name}-failing`, `${name} answers with 5xx`, errors, FAILING);
    if (workload.replicas.min > 0) alarm(`${name}-down`, `no replica of ${name} is well`, well(period), DOWN);
    else if (instance)
      alarm(
        `${name}-on`,
        `${name} has not slept for ${HOURS_ON} hours, at $${instance.hourly} an hour`,
        well(Duration.hours(1)),
        { threshold: 1, evaluationPeriods: HOURS_ON },
      );
  }
}
