/** How the doors bear many clients: `node bench/load.ts --help`. */
import { parseArgs } from 'node:util';
import { type DoorName, loadDoor, PER_MINUTE } from '../tests/support/load-doors.ts';

const HELP = `usage: npm run bench:load -- [options]
  --door <name>      node or workerd; both when absent
  --clients <n>      that stream at once; default 64
  --seconds <n>      default 60
  --json             {"door": {...}} on stdout
Each client streams 16 tokens of the default model again and again, keys and a guard's judgement of what is asked and said on.
Half of them share a key of ${PER_MINUTE} requests a minute. Fails at any error but 429.`;

const { values: args } = parseArgs({
  options: {
    door: { type: 'string' },
    clients: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (args.help) {
  console.log(HELP);
  process.exit(0);
}
const [clients, seconds] = [Number(args.clients), Number(args.seconds)];
if (!(clients >= 2 && seconds > 0))
  throw new RangeError('--clients is a number from 2 on, --seconds one above 0');
const doors = (args.door === undefined ? ['node', 'workerd'] : [args.door]) as DoorName[];

const sum = (values: readonly number[]) => values.reduce((total, one) => total + one, 0);

const rows: Record<string, object> = {};
for (const door of doors) {
  process.stderr.write(`${clients} clients at the ${door} door for ${seconds} s\n`);
  const {
    streams,
    refused,
    errors,
    firstTextMs,
    residentBytes,
    seconds: took,
  } = await loadDoor(door, { clients, seconds });
  const part = (share: number) => firstTextMs[Math.floor(share * (firstTextMs.length - 1))]!;
  const mean = (values: readonly number[]) => sum(values) / values.length;
  const third = Math.ceil(residentBytes.length / 3);
  rows[door] = {
    streams: sum(streams),
    errors: errors.length,
    'first text, p50 ms': Math.round(part(0.5)),
    'first text, p95 ms': Math.round(part(0.95)),
    'resident, last third to middle': Number(
      (mean(residentBytes.slice(-third)) / mean(residentBytes.slice(third, -third))).toFixed(3),
    ),
    'limited key, let in': sum(streams.slice(0, clients / 2)),
    'limited key, allowed': Math.floor(PER_MINUTE + (PER_MINUTE * took) / 60),
    'limited key, refused': sum(refused.slice(0, clients / 2)),
  };
  for (const error of new Set(errors)) process.stderr.write(`error: ${error}\n`);
  if (errors.length > 0) process.exitCode = 1;
}
if (args.json) console.log(JSON.stringify(rows));
else console.table(rows);
