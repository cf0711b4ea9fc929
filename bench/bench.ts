/** How fast Cria is, beside others in the same run on the same machine. `npm run bench -- --help` says how to ask. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openLimits } from './limits.ts';
import { describeMachine } from './machine.ts';
import { profileModels } from './profile-models.ts';
import { type Measured, measure } from './rounds.ts';
import { BATCHES, selectRows } from './rows.ts';
import { table } from './table.ts';

const HELP = `usage: npm run bench -- [options]
  --only <pattern>   rows whose name has this in it; with a *, rows whose name matches
  --rounds <n>       how often each row is measured, in turn with what it is held against; default 5
  --json             {"machine", "rows": [{"name", "value", "unit", "ratio", "against"}]} on stdout
  --save             also writes bench/results/<date>.md
  --list             prints the rows' names
  --profile          instead: where a token's time goes, op by op, in the models that --only names; default the 1B in Q4_0
A ratio is a row's value over that of what it is held against. Progress goes to stderr.`;

const { values: args } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (args.help) {
  console.log(HELP);
  process.exit(0);
}

if (args.profile) {
  console.log(await profileModels(args.only));
  process.exit(0);
}

const note = (line: string) => process.stderr.write(`${line}\n`);
const rounds = Number(args.rounds);
const batches = selectRows(BATCHES, args.only);
if (!(rounds >= 1)) throw new RangeError(`--rounds is a number from 1 on, not '${args.rounds}'`);
if (batches.length === 0) throw new RangeError(`no row is named '${args.only}': --list prints them all`);

if (args.list) {
  for (const { name } of batches.flat()) console.log(name);
  process.exit(0);
}

const measured: Measured[] = [];
for (const batch of batches)
  try {
    for (const one of await measure(batch, rounds, note)) {
      measured.push(one);
      note(
        `${one.row.name}: ${one.value.toPrecision(3)} ${one.row.unit}, ${one.ratio.toFixed(2)} of what it is held against`,
      );
    }
  } catch (error) {
    note(`without ${batch.map(({ name }) => name).join(', ')}: ${error}`); // the other rows still count
    process.exitCode = 1;
  }

const machine = { ...describeMachine(), ...(await openLimits())() };
const text = table(machine, measured, rounds);
console.log(args.json ? JSON.stringify({ machine, rows: measured.map(toJson) }, null, 2) : text);
if (args.save) {
  const file = new URL(`results/${machine.date}.md`, import.meta.url);
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, text);
  note(`saved ${fileURLToPath(file)}`);
}

function toJson({ row: { name, unit, againstName }, value, ratio }: Measured) {
  return { name, value, unit, ratio, against: againstName };
}
