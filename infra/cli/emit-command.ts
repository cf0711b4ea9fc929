import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Command } from '../../models/cli/command.ts';
import { UsageError } from '../../models/cli/errors.ts';
import { EMITTERS } from '../targets.ts';
import { readPlan } from './read-plan.ts';

const NAMES = Object.keys(EMITTERS).join(', ');

const HELP = `cria emit <site> --target <target> --out <folder> [--root <folder>]

Writes a site as the files of one target: ${NAMES}. Files of the same names are replaced, others stay.

  --root   where Cria itself lies, for systemd   /opt/cria

Exit codes: 0 written, 1 the site cannot be, 2 wrong usage.
`;

export const emitCommand: Command = {
  summary: 'write a site as files for Compose, systemd, Quadlet or Kubernetes',
  help: HELP,
  async run(args, { terminal }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        target: { type: 'string' },
        out: { type: 'string' },
        root: { type: 'string', default: '/opt/cria' },
      },
    });
    const target = values.target ?? '';
    if (!Object.hasOwn(EMITTERS, target)) throw new UsageError(`emit needs --target, one of ${NAMES}`);
    if (values.out === undefined) throw new UsageError('emit needs --out, the folder to write to');

    const files = EMITTERS[target]!(await readPlan('emit', positionals), values.root);
    for (const { path, text } of files) {
      const file = join(values.out, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
      terminal.write(`${file}\n`);
    }
  },
};
