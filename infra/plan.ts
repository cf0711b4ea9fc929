/** From a site to what has to run: pure, so that every emitter, and every test, has the same. */
import { cloudCost } from './cloud-cost.ts';
import { PlanError } from './errors.ts';
import { fetchesOf } from './fetch.ts';
import { gatewayOf } from './gateway-workload.ts';
import { guardSettings } from './guards.ts';
import { judgeOf, keeperOf } from './keeper.ts';
import { beyondCapacity, type Cost, clashes, dollars } from './limits.ts';
import { notesOf } from './plan-notes.ts';
import { type PlannedRoute, planRoutes } from './plan-routes.ts';
import { factsOf, serve } from './serve-model.ts';
import type { Site, SiteModel } from './site.ts';
import { label } from './site-fields.ts';
import { traced } from './tracing.ts';
import type { Fetch, Remote, Workload } from './workload.ts';

export interface Plan {
  readonly site: Site;
  readonly gateway: Workload;
  readonly workloads: readonly Workload[]; // the gateway first
  readonly remotes: readonly Remote[];
  readonly fetches: readonly Fetch[];
  readonly routes: readonly PlannedRoute[];
  /** Who keeps files, responses, conversations and batches: a workload that runs once. */
  readonly keeper: string | undefined;
  /** Who judges: a workload with a guard. */
  readonly judge: string | undefined;
  readonly secrets: readonly string[];
  readonly cost: Cost;
  readonly notes: readonly string[];
}

const FIRST_PORT = 8801;
/** Machines that are yours already. */
const NOTHING: Cost = { monthly: { min: 0, max: 0 }, items: [], unknown: [] };

/** Throws PlanError, with the numbers, for all that cannot be; each problem begins with its place in the site. */
export function plan(site: Site): Plan {
  const problems: string[] = [];
  const attempt = <T>(path: string, make: () => T): T | undefined => {
    try {
      return make();
    } catch (error) {
      problems.push(`${path}: ${(error as Error).message}`);
      return undefined;
    }
  };

  const names = nameModels(site, problems, attempt);
  const remotes: Remote[] = [];
  const serving: Workload[] = [];
  site.models.forEach((model, index) => {
    const name = names[index];
    if (name === undefined) return;
    if (model.engine === 'remote') {
      remotes.push(remoteOf(model, name));
      return;
    }
    const port = model.port ?? FIRST_PORT + serving.length;
    const workload = attempt(`models[${index}]`, () => serve(site, model, name, port));
    if (workload) serving.push(workload);
  });
  if (problems.length > 0) throw new PlanError(problems);

  const routes = planRoutes(
    site,
    [
      ...serving.map(({ name, model }) => ({ name, id: model!.id })),
      ...remotes.map(({ name, model }) => ({ name, id: model })),
    ],
    problems,
  );
  const gateway = gatewayOf(site, remotes, problems);
  const guards = guardSettings(site, routes, serving, problems);
  const judged = serving.map((one) => ({ ...one, env: { ...one.env, ...guards.get(one.name) } }));
  const workloads = [gateway, ...judged].map((one) => traced(site, one));
  const keeper = keeperOf(site, serving, problems);
  const judge = judgeOf(site, serving, problems);
  problems.push(...clashes(workloads), ...beyondCapacity(site, workloads));
  const fetches = fetchesOf(site, workloads, problems);
  const used = [...workloads, ...fetches].flatMap((one) => one.secrets.map(({ secret }) => secret));
  const secrets = [...new Set(used)].sort();
  const cost = site.setup === 'cloud' ? cloudCost(site, workloads, secrets) : NOTHING;
  if (site.budget && cost.monthly.max > site.budget.monthly)
    problems.push(
      `budget.monthly: ${dollars(cost.monthly.max)} a month at most, and the budget is ${dollars(site.budget.monthly)}: lower replicas.max, or raise it`,
    );
  if (problems.length > 0) throw new PlanError(problems);

  const planned = {
    site,
    gateway: workloads[0]!,
    workloads,
    remotes,
    fetches,
    routes,
    keeper,
    judge,
    secrets,
    cost,
  };
  return { ...planned, notes: notesOf(planned) };
}

type Attempt = <T>(path: string, make: () => T) => T | undefined;

/** The gateway's, and that of a NetworkPolicy. */
const OWN_NAMES = ['gateway', 'deny-all'];

/** Each model's own name, or its id's letters that DNS takes. */
function nameModels(site: Site, problems: string[], attempt: Attempt): (string | undefined)[] {
  const seen = new Map(OWN_NAMES.map((name) => [name, -1]));
  return site.models.map((model, index) => {
    const name = model.name ?? attempt(`models[${index}].id`, () => defaultName(model));
    if (name === undefined) return undefined;
    const other = seen.get(name);
    if (other !== undefined)
      problems.push(
        other < 0
          ? `models[${index}].name: '${name}' is a name of Cria's own: choose another`
          : `models[${index}].name: '${name}' is models[${other}] already: give one of them another name`,
      );
    seen.set(name, index);
    return name;
  });
}

function defaultName(model: SiteModel): string {
  const id = model.engine === 'remote' ? model.id : factsOf(model).name;
  const name = id
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/-+$/, '');
  if (!label.safeParse(name).success) throw new Error(`'${id}' makes no name: write one, in name`);
  return name;
}

function remoteOf(model: Extract<SiteModel, { engine: 'remote' }>, name: string): Remote {
  const { url, id, secret, context } = model;
  const key = secret === undefined ? undefined : { env: secret, secret };
  return { name, url, model: id, context, key };
}
