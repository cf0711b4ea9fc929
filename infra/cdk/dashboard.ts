import {
  Dashboard,
  GraphWidget,
  type IMetric,
  LogQueryWidget,
  type Metric,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { HttpCodeTarget } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { nameOf, type Place } from './place.ts';
import type { WorkloadService } from './workload-service.ts';

export interface Shown {
  readonly failures: Metric;
  readonly logs: ILogGroup; // of the gateway
  readonly services: readonly WorkloadService[];
}

/** One row for the gateway, and one for each workload: what it is asked, how long it takes, how many there are of it. */
export function dashboard(place: Place, { failures, logs, services }: Shown): Dashboard {
  const made = new Dashboard(place.scope, 'Dashboard', { dashboardName: nameOf(place) });
  const graph = (title: string, ...left: IMetric[]) => new GraphWidget({ title, left, width: 8 });
  made.addWidgets(
    new TextWidget({
      markdown: `# ${nameOf(place)}\nModels: ${services.map(({ workload }) => workload.name).join(', ')}`,
      width: 24,
      height: 2,
    }),
  );
  made.addWidgets(
    graph('Gateway: answers with 5xx', failures),
    new LogQueryWidget({
      title: 'Gateway: answers by backend and status',
      logGroupNames: [logs.logGroupName],
      queryLines: ['filter event = "answer"', 'stats count(*) by backend, status'],
      width: 16,
    }),
  );
  for (const { workload, service, requests } of services) {
    const { metrics } = requests;
    made.addWidgets(
      graph(
        `${workload.name}: requests`,
        metrics.requestCount(),
        metrics.httpCodeTarget(HttpCodeTarget.TARGET_4XX_COUNT),
        metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT),
      ),
      graph(
        `${workload.name}: seconds until an answer begins`,
        metrics.targetResponseTime({ statistic: 'p50' }),
        metrics.targetResponseTime({ statistic: 'p95' }),
      ),
      graph(
        `${workload.name}: replicas, processor, memory`,
        metrics.healthyHostCount(),
        service.metricCpuUtilization(),
        service.metricMemoryUtilization(),
      ),
    );
  }
  return made;
}
