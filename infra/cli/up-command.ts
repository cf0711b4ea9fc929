import { parseArgs } from 'node:util';
import { findModel } from '../../models/catalogue.ts';
import { type Command, type Shell, table } from '../../models/cli/command.ts';
import type { CliEvent } from '../../models/cli/events.ts';
import { fetchModel } from '../../models/cli/fetch-model.ts';
import { criaHome } from '../../models/cli/home.ts';
import { reporterFor } from '../../models/cli/pull-command.ts';
import type { Plan } from '../plan.ts';
import { type RunFolder, readStatus, runFolder } from '../single-node/run-folder.ts';
import { checkMachine, up } from '../single-node/up.ts';
import { readPlan } from './read-plan.ts';

const HELP = `cria up <site> [--json]

Runs a whole site as processes of this machine: models with engine edge in workerd, those with engine node in Node, and
the gateway before them. Checks that it can, fetches weights that are not here, waits until everything is well, and
returns; the site goes on running, and what ends is started again. 'cria down <site>' stops it.

  --json   one JSON object, with the ports and the process ids

Secrets are taken from the environment, by their names in the site. Logs and what is stored lie in CRIA_HOME, under
sites/<name>. A model with engine gpu needs a container: see 'cria emit'.

Exit codes: 0 it runs, 1 it does not (and nothing is left running), 2 wrong usage, 130 interrupted.
`;

export const upCommand: Command = {
  summary: 'run a site on this machine',
  help: HELP,
  async run(args, shell) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' } },
    });
    const plan = await readPlan('up', positionals);
    const { environment, signal, terminal } = shell;
    const home = criaHome(environment);
    const folder = runFolder(home, plan.site.name);
    await checkMachine(plan, folder, environment);
    await fetchModels(plan, home, shell, values.json === true);
    if (!values.json) terminal.write(`starting ${plan.workloads.map(({ name }) => name).join(', ')}\n`);
    await up(plan, folder, { home, environment, signal });
    terminal.write(
      values.json
        ? `${JSON.stringify(await summary(plan, folder))}\n`
        : await greeting(plan, folder, positionals[0]!),
    );
  },
};

async function fetchModels({ fetches }: Plan, home: string, shell: Shell, isQuiet: boolean): Promise<void> {
  const { environment, signal, terminal } = shell;
  const report = reporterFor(shell);
  const options = {
    home,
    report: (event: CliEvent) => {
      if (!isQuiet && event.event !== 'present') report(event);
    },
    signal,
    now: terminal.now,
    verify: false, // it was when it came
  };
  for (const { model, version, store } of fetches) {
    const region = store?.region ? { AWS_REGION: store.region } : {};
    await fetchModel(findModel(model), store && { ...store, version }, {
      ...options,
      environment: { ...environment, ...region },
    });
  }
}

async function summary({ site, gateway, workloads }: Plan, folder: RunFolder) {
  const status = await readStatus(folder);
  return {
    site: site.name,
    url: urlOf(site.gateway.listen, gateway.port),
    logs: folder.logs,
    supervisor: status?.supervisor,
    processes: workloads.map(({ name, port }) => ({
      name,
      port,
      pid: status?.processes.find((one) => one.name === name)?.pid ?? null,
    })),
  };
}

async function greeting(plan: Plan, folder: RunFolder, file: string): Promise<string> {
  const { url, logs, processes } = await summary(plan, folder);
  const model = plan.routes[0]!.model;
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }] });
  const key = plan.gateway.env.CRIA_AUTH === 'bearer' ? ` \\\n    -H 'authorization: Bearer …'` : '';
  return `
Site ${plan.site.name} runs.

${table([['PROCESS', 'PORT', 'PID'], ...processes.map(({ name, port, pid }) => [name, port, pid ?? ''])])}
  API    ${url}
  logs   ${logs}
  stop   npm run cria -- down ${file}

  curl ${url}/chat/completions${key} \\
    -H 'content-type: application/json' \\
    -d '${body}'
`;
}

function urlOf(listen: string, port: number): string {
  const host = listen === '0.0.0.0' || listen === '::' ? '127.0.0.1' : listen;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/v1`;
}
