import { parseArgs } from 'node:util';
import type { Command } from '../../models/cli/command.ts';
import { UsageError } from '../../models/cli/errors.ts';
import { criaHome } from '../../models/cli/home.ts';
import { readSite } from '../read-site.ts';
import { runFolder } from '../single-node/run-folder.ts';
import { down } from '../single-node/up.ts';

const HELP = `cria down <site> [--volumes] [--json]

Stops a site that 'cria up' started, and removes what was built for it. What clients have stored stays for the next
'cria up'; weights stay too.

  --volumes   removes what clients have stored as well: files, responses, conversations, batches
  --json      {"site": …, "stopped": true}; false when it did not run

Exit codes: 0 nothing of it runs, 1 failed, 2 wrong usage.
`;

export const downCommand: Command = {
  summary: 'stop a site on this machine',
  help: HELP,
  async run(args, { environment, terminal }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { volumes: { type: 'boolean', default: false }, json: { type: 'boolean' } },
    });
    if (positionals.length !== 1) throw new UsageError(`down takes one site file, not ${positionals.length}`);
    const { name } = await readSite(positionals[0]!);
    const stopped = await down(runFolder(criaHome(environment), name), { volumes: values.volumes });
    const said = stopped ? `site ${name} is stopped` : `site ${name} did not run`;
    terminal.write(values.json ? `${JSON.stringify({ site: name, stopped })}\n` : `${said}\n`);
  },
};
