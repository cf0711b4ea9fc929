import { parseArgs } from 'node:util';
import type { Command } from '../../models/cli/command.ts';
import { mermaid } from '../mermaid.ts';
import { planJson } from '../plan-json.ts';
import { planText } from '../print-plan.ts';
import { readPlan } from './read-plan.ts';

const HELP = `cria plan <site> [--json | --mermaid]

Says what a site will run: workloads, ports, memory, cards, routes, secrets and, in the cloud, what it costs.
Changes nothing. A site is a .yaml, .json or .ts file; sites/ has examples, docs/deploy.md explains it.

  --json      the whole plan as JSON
  --mermaid   a picture, as Mermaid

Exit codes: 0 it can be, 1 it cannot (the message has the numbers), 2 wrong usage.
`;

export const planCommand: Command = {
  summary: 'say what a site will run, need and cost',
  help: HELP,
  async run(args, { terminal }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' }, mermaid: { type: 'boolean' } },
    });
    const planned = await readPlan('plan', positionals);
    if (values.json) terminal.write(`${JSON.stringify(planJson(planned), null, 2)}\n`);
    else terminal.write(values.mermaid ? mermaid(planned) : planText(planned));
  },
};
