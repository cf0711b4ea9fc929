import { parseArgs } from 'node:util';
import { CATALOGUE } from '../catalogue.ts';
import type { Manifest } from '../manifest.ts';
import { type Command, table } from './command.ts';
import { megabytes } from './events.ts';
import { criaHome, isPacked } from './home.ts';
import { isWanted } from './partial-file.ts';
import { filePath } from './pull.ts';

const HELP = `cria list [--json]

Lists the catalogue: the names that pull takes, and which models are here already.
`;

export const listCommand: Command = {
  summary: 'list the models of the catalogue',
  help: HELP,
  async run(args, { environment, terminal }) {
    const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean' } } });
    const home = criaHome(environment);
    const entries = await Promise.all(
      CATALOGUE.map(async (entry) => ({
        entry,
        pulled: await isPulled(home, entry),
        packed: isPacked(home, entry),
      })),
    );
    if (values.json) {
      for (const { entry, ...here } of entries) terminal.write(`${JSON.stringify({ ...entry, ...here })}\n`);
      return;
    }
    terminal.write(
      table([
        ['NAME', 'SIZE', 'LICENCE', 'HERE'],
        ...entries.map(({ entry, pulled, packed }) => [
          entry.name,
          sizeOf(entry),
          entry.licence.name,
          [pulled ? 'yes' : '', packed ? 'packed' : ''].filter(Boolean).join(', '),
        ]),
      ]),
    );
  },
};

async function isPulled(home: string, entry: Manifest): Promise<boolean> {
  const present = entry.files.map((file) => isWanted(filePath(home, entry, file), file, false));
  return (await Promise.all(present)).every(Boolean);
}

function sizeOf({ files }: Manifest): string {
  const sizes = files.map(({ size }) => size);
  return sizes.some((size) => size === undefined)
    ? 'unknown'
    : megabytes(sizes.reduce((sum: number, size) => sum + size!, 0));
}
