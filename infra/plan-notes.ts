/** What may not be as its reader thinks, of a site that can be. */
import { imageOf } from './gateway-workload.ts';
import type { Plan } from './plan.ts';
import type { Site } from './site.ts';
import { tracingNotes } from './tracing.ts';

/** Source: Lambda's quotas, of a request with its envelope. */
const FUNCTION_BYTES = 6e6;

export function notesOf(plan: Omit<Plan, 'notes'>): string[] {
  const { site, workloads, keeper } = plan;
  const estimated = workloads.filter(({ model }) => model?.facts.isEstimate).map(({ name }) => name);
  return [
    ...(keeper === undefined
      ? [
          'nothing is stored: files, responses, conversations and batches need an edge or node model with replicas: 1',
        ]
      : []),
    ...unasked(plan).map((name) => `${name}: no route leads to it, so nobody can ask it`),
    ...scaling(plan),
    ...estimated.map(
      (name) =>
        `${name}: the catalogue knows no size of its file; its weights are computed from the parameters`,
    ),
    ...(site.setup === 'cloud' && site.gateway.hosts.length > 0 && site.cloud.certificate === undefined
      ? ['gateway.hosts: CloudFront answers to its own name alone until cloud.certificate names theirs']
      : []),
    ...(isFunction(site) && site.gateway.limits.body > FUNCTION_BYTES
      ? [
          'gateway.limits.body: AWS gives a function 6 MB, and refuses more in its own words: write cloud.frontDoor: container',
        ]
      : []),
    ...tracingNotes(site, workloads),
    ...images(plan),
  ];
}

function unasked({ workloads, remotes, routes, keeper, judge }: Omit<Plan, 'notes'>): string[] {
  const used = new Set([
    ...routes.flatMap(({ to, overflow }) => [...to.map(({ backend }) => backend), ...overflow]),
    ...[keeper, judge],
  ]);
  const names = [...workloads.filter(({ model }) => model !== undefined), ...remotes].map(({ name }) => name);
  return names.filter((name) => !used.has(name));
}

/** Replicas that a setup does not bring up and down. */
function scaling({ site: { setup }, workloads }: Omit<Plan, 'notes'>): string[] {
  if (setup === 'cloud') return [];
  return workloads.flatMap(({ name, kind, replicas: { min, max } }) => {
    if (setup === 'on-prem' && kind === 'gpu' && max > Math.max(1, min))
      return [`${name}: runs ${Math.max(1, min)} times, never ${max}: Kubernetes does not measure cards`];
    return min === 0 ? [`${name}: runs always: only in the cloud is what sleeps started again`] : [];
  });
}

function images({ site, workloads }: Omit<Plan, 'notes'>): string[] {
  const own = site.images.cria === undefined ? imageOf(site) : undefined; // built where it runs
  const unpinned = [...new Set(workloads.map(({ image }) => image))].filter(
    (image) => !image.includes('@sha256:') && image !== own,
  );
  return [
    ...(site.setup === 'on-prem' && own !== undefined
      ? [`image ${own} lies in no registry: push it to one of yours, and name it in images.cria`]
      : []),
    ...unpinned.map(
      (image) =>
        `image ${image} is named by a tag, which can change: name it by its digest before production`,
    ),
  ];
}

const isFunction = ({ setup, cloud }: Site): boolean => setup === 'cloud' && cloud.frontDoor !== 'container';
