import { parseArgs } from 'node:util';
import { findModel } from '../catalogue.ts';
import type { Command } from './command.ts';
import { UsageError } from './errors.ts';
import { jsonReporter } from './events.ts';
import { criaHome, packedFolder } from './home.ts';
import { reporterFor } from './pull-command.ts';
import { openStore } from './stores/open-store.ts';
import { publish } from './stores/publish.ts';

const HELP = `cria publish <model> --to <store> [--to <store>] [--endpoint url] [--dry-run] [--json]

Brings a packed model ('cria pack') to where sites and Workers get it, and makes it the current version there. What is
there already, with the right size and sha256, is not sent again; a transfer that was cut goes on where it was.

  --to         s3://bucket/prefix, r2://account/bucket/prefix, or a folder; several get the same
  --endpoint   a server of your own that speaks S3, such as MinIO: https://host:9000
  --dry-run    ask the store what it has, and send nothing
  --json       one JSON object a line, instead of text

  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY   for s3; AWS_SESSION_TOKEN too, where there is one. In a container of ECS or
                                             EKS its role serves
  AWS_REGION                                 the bucket's; us-east-1 when unset
  R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY     for r2: an API token of R2
  CRIA_HOME                                  where weights are kept; ~/.cache/cria when unset

The store then has models/<model>/<sha256 of its manifest>/… and models/<model>/current.json, which names the version
that is current. A Worker reads them at the root of its bucket: give r2 no prefix for that.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted (run again to go on).
`;

export const publishCommand: Command = {
  summary: 'bring a packed model to S3, R2 or a folder',
  help: HELP,
  async run(args, shell) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        to: { type: 'string', multiple: true },
        endpoint: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        json: { type: 'boolean' },
      },
    });
    const { to = [], endpoint, 'dry-run': dryRun } = values;
    const [model] = positionals;
    if (model === undefined || positionals.length > 1)
      throw new UsageError(`publish takes one model, not ${positionals.length}`);
    if (to.length === 0) throw new UsageError('publish needs --to, the store to bring it to');

    const { environment, signal, terminal } = shell;
    const entry = findModel(model);
    const stores = await Promise.all(to.map((one) => openStore(one, { environment, endpoint, signal })));
    const report = values.json ? jsonReporter(terminal) : reporterFor(shell);
    const folder = packedFolder(criaHome(environment), entry);
    for (const store of stores)
      await publish(store, entry, { folder, dryRun, report, signal, now: terminal.now });
  },
};
