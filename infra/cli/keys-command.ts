import { createHash, randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { type AccessKey, KeyId } from '../../app/access/access-key.ts';
import { type Command, type Shell, table } from '../../models/cli/command.ts';
import { UsageError } from '../../models/cli/errors.ts';
import { KeysFileError } from '../errors.ts';
import { readKeys, writeKeys } from '../keys/keys-file.ts';

const HELP = `cria keys create <id> [options]   makes a key, adds it to the file, and shows it: this once
cria keys list [--json]           the keys of the file; the keys themselves it does not have
cria keys revoke <id>             takes a key out of the file
cria keys hash                    reads a key from standard input and writes its sha256

The file is that of --file, or of CRIA_KEYS_FILE. A Node server reads it again within a second of a change; for a Worker put
it into its bucket. docs/access.md has all of it.

  --file <path>             the keys file
  --models <id,id>          models it may use              all
  --requests <n>            requests a minute              as the server has it
  --tokens <n>              tokens a minute                as the server has it
  --concurrency <n>         requests at once               as the server has it
  --expires <time>          2027-01-31T00:00:00Z           never
  --judge <what>            off, input, output or both     as the route has it
  --json                    one JSON object a line

Exit codes: 0 done, 1 failed (there is no such key, say), 2 wrong usage.
`;

const KEY_BYTES = 32; // nobody guesses 256 bits

const OPTIONS = {
  file: { type: 'string' },
  models: { type: 'string' },
  requests: { type: 'string' },
  tokens: { type: 'string' },
  concurrency: { type: 'string' },
  expires: { type: 'string' },
  judge: { type: 'string' },
  json: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

export const keysCommand: Command = {
  summary: 'make, list and take away the keys that let clients in',
  help: HELP,
  async run(args, shell) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
    const [verb, id, ...more] = positionals;
    if (more.length > 0 || verb === undefined) throw new UsageError(`keys needs one of these:\n\n${HELP}`);
    if (verb === 'hash') return hash(shell);

    const path = values.file ?? shell.environment.CRIA_KEYS_FILE;
    if (!path) throw new UsageError('say which file: --file keys.json, or CRIA_KEYS_FILE in the environment');
    if (verb === 'list') return list(path, values, shell);
    if (verb !== 'create' && verb !== 'revoke')
      throw new UsageError(`there is no 'keys ${verb}': create, list, revoke or hash`);
    if (id === undefined) throw new UsageError(`keys ${verb} needs an id: the name of its holder, say`);
    return verb === 'create' ? create(path, id, values, shell) : revoke(path, id, values, shell);
  },
};

async function create(path: string, id: string, values: Values, { terminal }: Shell): Promise<void> {
  const keys = await readKeys(path);
  const named = KeyId.safeParse(id);
  if (!named.success) throw new UsageError(`${id}: ${named.error.issues[0]!.message}`);
  if (keys.some((key) => key.id === id))
    throw new KeysFileError(`there is a key '${id}' in ${path} already: revoke it, or take another id`);

  const secret = `cria_${randomBytes(KEY_BYTES).toString('base64url')}`;
  const key = describe(id, sha256(secret), values);
  await writeKeys(path, [...keys, key]);
  terminal.write(
    values.json
      ? `${JSON.stringify({ ...key, key: secret })}\n`
      : `${secret}\n\nThis is shown once. ${path} has its hash, under the name ${id}.\n`,
  );
}

function describe(id: string, sha256: string, values: Values): AccessKey {
  const limits = {
    ...whole('requestsPerMinute', '--requests', values.requests),
    ...whole('tokensPerMinute', '--tokens', values.tokens),
    ...whole('concurrency', '--concurrency', values.concurrency),
  };
  return {
    id,
    sha256,
    ...(values.models !== undefined && { models: values.models.split(',').map((model) => model.trim()) }),
    ...(values.judge !== undefined && { guard: { judge: judgeOf(values.judge) } }),
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(values.expires !== undefined && { expires: timeOf(values.expires) }),
  };
}

function whole<Name extends string>(name: Name, option: string, value: string | undefined) {
  if (value === undefined) return {};
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new UsageError(`${option} ${value}: write a whole number above 0`);
  return { [name]: Number(value) } as { [name in Name]: number };
}

function judgeOf(value: string) {
  const judge = (['off', 'input', 'output', 'both'] as const).find((one) => one === value);
  if (judge === undefined) throw new UsageError(`--judge ${value}: write off, input, output or both`);
  return judge;
}

function timeOf(value: string): string {
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) throw new UsageError(`--expires ${value}: write a time such as 2027-01-31T00:00:00Z`);
  return new Date(ms).toISOString();
}

async function list(path: string, values: Values, { terminal }: Shell): Promise<void> {
  const keys = await readKeys(path);
  if (values.json) {
    for (const key of keys) terminal.write(`${JSON.stringify(key)}\n`);
    return;
  }
  const limitsOf = ({ limits = {} }: AccessKey) =>
    [
      limits.requestsPerMinute && `${limits.requestsPerMinute} requests`,
      limits.tokensPerMinute && `${limits.tokensPerMinute} tokens`,
      limits.concurrency && `${limits.concurrency} at once`,
    ]
      .filter(Boolean)
      .join(', ');
  terminal.write(
    table([
      ['ID', 'MODELS', 'LIMITS', 'JUDGED', 'EXPIRES'],
      ...keys.map((key) => [
        key.id,
        key.models?.join(', ') ?? 'all',
        limitsOf(key),
        key.guard?.judge ?? '',
        key.expires ?? 'never',
      ]),
    ]),
  );
}

async function revoke(path: string, id: string, values: Values, { terminal }: Shell): Promise<void> {
  const keys = await readKeys(path);
  if (!keys.some((key) => key.id === id))
    throw new KeysFileError(`there is no key '${id}' in ${path}: cria keys list shows those there are`);
  await writeKeys(
    path,
    keys.filter((key) => key.id !== id),
  );
  terminal.write(values.json ? `${JSON.stringify({ id, revoked: true })}\n` : `${id} may come in no more\n`);
}

/** From standard input: what stands on a command line, every user of the machine can read. */
async function hash({ terminal }: Shell): Promise<void> {
  const key = (await text(process.stdin)).trim();
  if (key === '') throw new UsageError('keys hash reads the key from standard input, and there was none');
  terminal.write(`${sha256(key)}\n`);
}

const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');
