import { describe, expect, test } from 'vitest';
import { fargateSize } from '../../infra/fargate-size.ts';
import { plan } from '../../infra/plan.ts';
import { parseSite, type SiteInput } from '../../infra/site.ts';
import cloud from '../../sites/cloud.ts';

const costOf = (site: SiteInput) => plan(parseSite(site, 'the site')).cost;
const itemsOf = (site: SiteInput) =>
  new Map(costOf(site).items.map(({ what, monthly }) => [what, monthly] as const));

describe('cloudCost()', () => {
  test('counts a model that sleeps from nothing to all its replicas', () => {
    expect(itemsOf(cloud).get('vision')).toEqual({ min: 0, max: 1.861 * 730 * 2 });
  });

  test('counts a model on Fargate by its processors and memory', () => {
    const { min, max } = itemsOf(cloud).get('small')!;
    expect(min).toBe(max);
    expect(min).toBeCloseTo((2 * 0.04048 + 4 * 0.004445) * 730, 6);
  });

  test('is the sum of its items, with what every site needs', () => {
    const { monthly, items } = costOf(cloud);
    expect(items.reduce((sum, one) => sum + one.monthly.max, 0)).toBeCloseTo(monthly.max, 6);
    expect(items.map(({ what }) => what)).toEqual([
      'small',
      'vision',
      '2 NAT gateways',
      'load balancer',
      'firewall',
      'dashboard, alarms and secrets',
    ]);
  });

  test("counts CloudFront's secret and every metric that is watched", () => {
    const alarms = 2 + 2 + 6; // the gateway; small; vision, which sleeps, and of which there may be two
    expect(itemsOf(cloud).get('dashboard, alarms and secrets')?.min).toBeCloseTo(
      3 + 0.3 + 0.1 * alarms + 0.4 * 4, // keys, CloudFront's, two of others
      6,
    );
  });

  test('counts the gateway where it is a container; a function is paid by request', () => {
    const container = { ...cloud, cloud: { frontDoor: 'container' as const } };
    expect(itemsOf(container).get('gateway')?.min).toBeCloseTo((1 * 0.04048 + 2 * 0.004445) * 730, 6);
    expect(costOf(container).unknown).not.toContain("the gateway's requests");
    expect(costOf(cloud).unknown).toContain("the gateway's requests");
  });
});

describe('fargateSize()', () => {
  const MIB = 2 ** 20;

  test.each([
    { cpus: 0.25, mebibytes: 100, size: { cpu: 256, memory: 512 } },
    { cpus: 0.25, mebibytes: 1100, size: { cpu: 256, memory: 2048 } },
    { cpus: 1, mebibytes: 2049, size: { cpu: 1024, memory: 3072 } },
    { cpus: 1, mebibytes: 8193, size: { cpu: 2048, memory: 9216 } },
    { cpus: 2, mebibytes: 1, size: { cpu: 2048, memory: 4096 } },
    { cpus: 3, mebibytes: 30_721, size: { cpu: 8192, memory: 32_768 } },
    { cpus: 16, mebibytes: 122_880, size: { cpu: 16_384, memory: 122_880 } },
  ])('$cpus processors, $mebibytes MiB', ({ cpus, mebibytes, size }) => {
    expect(fargateSize(cpus, mebibytes * MIB)).toEqual(size);
  });

  test('refuses what is larger than the largest', () => {
    expect(() => fargateSize(16, 122_881 * MIB)).toThrow('it needs 16 processors and 122881 MiB');
    expect(() => fargateSize(17, 1)).toThrow('17 processors');
  });
});
