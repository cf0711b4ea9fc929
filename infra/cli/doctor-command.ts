import { parseArgs } from 'node:util';
import { Vars } from '../../edge/env.ts';
import { Env } from '../../lambda/env.ts';
import { GatewayEnv } from '../../lambda/gateway-env.ts';
import type { Command } from '../../models/cli/command.ts';
import { UsageError } from '../../models/cli/errors.ts';
import { criaHome } from '../../models/cli/home.ts';
import { checkMachine } from '../doctor/check-machine.ts';
import { checkModel } from '../doctor/check-model.ts';
import { checkSettings, type DoorSettings } from '../doctor/check-settings.ts';
import { checkSite } from '../doctor/check-site.ts';
import { type Finding, UnwellError } from '../doctor/finding.ts';
import { printFindings } from '../doctor/print-findings.ts';

const HELP = `cria doctor [<site file>] [--json]

Looks at this machine, at the settings in the environment, and at the model files of CRIA_MODEL and CRIA_GUARD, or of a
site: each is loaded as a server would load it, hashed, and asked something. Says of all that is wrong what to do.

  --json      one JSON object a line: about, level (ok, warning, problem), what, advice

Exit codes: 0 all is well, or there are warnings alone; 1 there is a problem; 2 wrong usage; 130 interrupted.
`;

const DOORS: readonly DoorSettings[] = [
  { name: 'Node server', schema: Env, isMeant: () => true },
  { name: 'Worker', schema: Vars, isMeant: () => true },
  { name: 'gateway', schema: GatewayEnv, isMeant: ({ CRIA_ROUTES }) => CRIA_ROUTES !== undefined },
];
/** Read elsewhere than at a door: by the commands, and by what starts the Worker. */
const OTHERS = ['CRIA_STATE', 'CRIA_SECRETS'];

export const doctorCommand: Command = {
  summary: 'look at the machine, the settings and the models, and say what to do',
  help: HELP,
  async run(args, { environment, terminal, signal }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' } },
    });
    const [file] = positionals;
    if (positionals.length > 1) throw new UsageError(`doctor takes one site file, not ${positionals.length}`);

    const home = criaHome(environment);
    const site = file === undefined ? undefined : await checkSite(file, environment);
    const own = [environment.CRIA_MODEL ?? Vars.shape.CRIA_MODEL.parse(undefined), environment.CRIA_GUARD];
    const findings: Finding[] = [
      ...(await checkMachine(home)),
      ...checkSettings(environment, DOORS, OTHERS),
      ...(site?.findings ?? []),
    ];
    for (const name of new Set(site?.models ?? own.filter((one) => one)))
      findings.push(await checkModel(name!, home, signal));

    terminal.write(
      values.json
        ? findings.map((finding) => `${JSON.stringify(finding)}\n`).join('')
        : printFindings(findings, terminal.columns),
    );
    const problems = findings.filter(({ level }) => level === 'problem').length;
    if (problems > 0) throw new UnwellError(problems);
  },
};
