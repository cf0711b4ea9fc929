/** Services that are scaled: what wakes a model, and who asks whether it is awake. */
import { AwsError } from './errors.ts';
import { jsonService, type Service } from './protocol.ts';

export interface EcsService {
  readonly cluster: string;
  readonly name: string;
  desiredCount: number;
  /** As many as desired once `settle` is called; starting takes as long as a test wants. */
  runningCount: number;
}

export interface EcsClusters {
  readonly put: (cluster: string, service: string, desiredCount: number) => void;
  readonly delete: (cluster: string, service: string) => void;
  /** Names and ARNs are equal here, as they are to ECS. Throws AwsError. */
  readonly get: (cluster: string, service: string) => EcsService;
  /** Tasks start and stop until every service runs as many as it should. */
  readonly settle: () => void;
}

export function ecsClusters(): EcsClusters {
  const services = new Map<string, EcsService>();
  const shortName = (nameOrArn: string) => nameOrArn.split('/').at(-1)!;
  const keyOf = (cluster: string, service: string) => `${shortName(cluster)} ${shortName(service)}`;
  return {
    put(cluster, service, desiredCount) {
      const name = shortName(service);
      services.set(keyOf(cluster, service), {
        cluster: shortName(cluster),
        name,
        desiredCount,
        runningCount: 0,
      });
    },
    delete: (cluster, service) => void services.delete(keyOf(cluster, service)),
    get(cluster, service) {
      const found = services.get(keyOf(cluster, service));
      if (!found) throw new AwsError('ServiceNotFoundException', 'Service not found.');
      return found;
    },
    settle() {
      for (const service of services.values()) service.runningCount = service.desiredCount;
    },
  };
}

export function ecs(clusters: EcsClusters): Service {
  const describe = ({ cluster, name, desiredCount, runningCount }: EcsService) => ({
    serviceName: name,
    clusterArn: cluster,
    status: 'ACTIVE',
    desiredCount,
    runningCount,
    pendingCount: Math.max(0, desiredCount - runningCount),
  });
  return jsonService(
    {
      DescribeServices({ cluster, services }) {
        const names = services as readonly string[];
        return { services: names.map((name) => describe(clusters.get(String(cluster), name))), failures: [] };
      },
      UpdateService({ cluster, service, desiredCount }) {
        const found = clusters.get(String(cluster), String(service));
        if (desiredCount !== undefined) {
          if (!Number.isInteger(desiredCount) || Number(desiredCount) < 0)
            throw new AwsError('InvalidParameterException', `desiredCount ${desiredCount}`);
          found.desiredCount = Number(desiredCount);
        }
        return { service: describe(found) };
      },
    },
    (action) => new AwsError('UnknownOperationException', `ECS: ${action}`),
  );
}
