import type { PlatformSample } from '../app/metrics.ts';

const startedAt = Date.now() / 1000 - process.uptime();

/** What this process takes, under the names that Prometheus' own clients give it. */
export function processSamples(): readonly PlatformSample[] {
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage(); // microseconds
  const gauge = (name: string, help: string, value: number) => ({
    name,
    type: 'gauge' as const,
    help,
    value,
  });
  return [
    gauge('process_resident_memory_bytes', 'Memory of this process that is in use.', rss),
    gauge('process_start_time_seconds', 'When this process began, since the epoch.', startedAt),
    gauge('nodejs_heap_size_used_bytes', "JavaScript's objects.", heapUsed),
    gauge('nodejs_external_memory_bytes', 'What they hold outside: weights, keys and values.', external),
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'Time of processors, of all threads.',
      value: (user + system) / 1e6,
    },
  ];
}
