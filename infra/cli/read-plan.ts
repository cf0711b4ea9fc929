import { UsageError } from '../../models/cli/errors.ts';
import { PlanError } from '../errors.ts';
import { type Plan, plan } from '../plan.ts';
import { readSite } from '../read-site.ts';

/** The plan of the one site that `command` was given. Throws UsageError, SiteError, PlanError. */
export async function readPlan(command: string, positionals: readonly string[]): Promise<Plan> {
  const [file] = positionals;
  if (file === undefined || positionals.length > 1)
    throw new UsageError(`${command} takes one site file, not ${positionals.length}`);

  const site = await readSite(file);
  try {
    return plan(site);
  } catch (error) {
    throw error instanceof PlanError ? new PlanError(error.problems, file) : error;
  }
}
