/**
 * Writes docs/openai-differences.md: where our OpenAPI document differs from OpenAI's, property by property, and why.
 *
 *     node scripts/openai-differences.ts [--check]
 *
 * OpenAI's document is the extract in tests/golden/openapi, which tests/golden/make_openapi_extracts.py makes of the
 * published one. A difference without a reason in openai-difference-reasons.ts, or a reason without a difference, fails.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiDocument } from '../app/openapi.ts';
import { openApiExtract } from '../tests/support/openapi-extracts.ts';
import type { OpenApi, OpenApiOperation } from '../tests/support/openapi-validator.ts';
import { compareSchemas, type Difference, type Side } from './compare-schemas.ts';
import { REASONS } from './openai-difference-reasons.ts';
import type { Schema, Schemas } from './schema-alternatives.ts';

export const TABLE = join(import.meta.dirname, '../docs/openai-differences.md');

interface Compared {
  readonly operation: string; // POST /v1/completions
  readonly differences: readonly Difference[];
}

/** Every operation that both documents have. */
export function compareDocuments(theirs: OpenApi, ours: OpenApi): Compared[] {
  const seen = new Set<string>();
  return operationsOf(ours).flatMap(({ operation, described }) => {
    const same = operationsOf(theirs).find((one) => bare(one.operation) === bare(operation));
    if (same === undefined) return [];
    const parts = [partsOf(same.described), partsOf(described)] as const;
    const names = [...new Set(parts.flatMap((part) => Object.keys(part)))];
    const differences = names.flatMap((name) => {
      const [a, b] = parts.map((part) => part[name]);
      if (a === undefined || b === undefined)
        return [{ path: name, theirs: a ? 'there' : '–', ours: b ? 'there' : '–' }];
      return compareSchemas(name, sideOf(a, theirs), sideOf(b, ours), seen);
    });
    return [{ operation, differences }];
  });
}

const sideOf = (schema: Schema, document: OpenApi): Side => ({
  schema,
  schemas: document.components.schemas as Schemas,
});

/** `{model}` and `{id}` are the same parameter. */
const bare = (operation: string) => operation.replaceAll(/\{\w+\}/g, '{}');

const operationsOf = ({ paths }: OpenApi) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      operation: `${method.toUpperCase()} ${path}`,
      described,
    })),
  );

/** The schemas of an operation, by what they are of. */
function partsOf({ parameters = [], requestBody, responses }: OpenApiOperation): Record<string, Schema> {
  const query = parameters.filter((one) => one.in === 'query');
  const body = Object.values(requestBody?.content ?? {})[0]?.schema;
  const reply = responses[200]?.content ?? {};
  const event = reply['text/event-stream']?.schema as Schema | undefined;
  const [json] = [reply['application/json']?.schema];
  return {
    ...(query.length > 0 && {
      query: {
        type: 'object',
        properties: Object.fromEntries(query.map(({ name, schema }) => [name, schema as Schema])),
        required: query.filter(({ required }) => required).map(({ name }) => name),
      },
    }),
    ...(body && { request: body as Schema }),
    ...(json && { reply: json as Schema }),
    ...(event && { event: withoutError(event) }),
  };
}

/** Our streams may end in an error, which OpenAI's document does not say of its own. */
function withoutError(event: Schema): Schema {
  const [first, second] = event.anyOf ?? [];
  return second?.$ref?.endsWith('/ErrorBody') ? first! : event;
}

/** The whole file. Throws Error when a difference has no reason, or a reason no difference. */
export function differencesTable(): string {
  const theirs = openApiExtract('openai-2.3.0');
  const ours = openApiDocument() as unknown as OpenApi;
  const compared = compareDocuments(theirs, ours);
  const reasons = Object.entries(REASONS).map(([pattern, reason]) => ({ pattern, reason, used: false }));
  const without: string[] = [];
  const sections = compared.map(({ operation, differences }) => {
    const rows = differences.map((difference) => {
      const line = `${operation} ${difference.path}: ${difference.theirs} → ${difference.ours}`;
      const found = reasons.find(({ pattern }) => matches(pattern, line));
      if (found) found.used = true;
      else without.push(line);
      return { ...difference, reason: found?.reason ?? '' };
    });
    return { operation, rows: grouped(rows) };
  });
  const unused = reasons.filter(({ used }) => !used).map(({ pattern }) => `no difference is ${pattern}`);
  if (without.length + unused.length > 0)
    throw new Error(
      `${[...without, ...unused].join('\n')}\n\nscripts/openai-difference-reasons.ts has the reasons`,
    );
  return render(sections, missing(theirs, compared));
}

/** `*` stands for anything. */
function matches(pattern: string, line: string): boolean {
  const escaped = pattern.replaceAll(/[.()[\]{}=+?^$|\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`).test(line);
}

interface Row extends Difference {
  readonly reason: string;
}

/** Rows that say the same of neighbours are one. */
function grouped(rows: readonly Row[]): { paths: string[]; row: Row }[] {
  const groups = new Map<string, { paths: string[]; row: Row }>();
  for (const row of rows) {
    const key = JSON.stringify([row.ours === '–' ? '' : row.theirs, row.ours, row.reason]);
    const group = groups.get(key);
    if (group) group.paths.push(row.path);
    else groups.set(key, { paths: [row.path], row });
  }
  return [...groups.values()];
}

/** OpenAI's operations that we do not have: of paths that we serve in part, and how many others. */
function missing(theirs: OpenApi & { otherOperations: readonly string[] }, compared: readonly Compared[]) {
  const served = new Set(compared.map(({ operation }) => bare(operation)));
  return {
    near: operationsOf(theirs)
      .map(({ operation }) => operation)
      .filter((operation) => !served.has(bare(operation))),
    far: theirs.otherOperations.length,
  };
}

function render(
  sections: readonly { operation: string; rows: ReturnType<typeof grouped> }[],
  { near, far }: ReturnType<typeof missing>,
): string {
  const code = (text: string) => `\`${text.replaceAll('|', '\\|')}\``;
  const list = (values: string) =>
    (values.length > 90 ? `${values.slice(0, 90)}…` : values).replaceAll('|', '\\|');
  return [
    '# Where Cria’s API differs from OpenAI’s',
    '',
    'Made by `node scripts/openai-differences.ts` of `/openapi.json` and OpenAI’s OpenAPI document 2.3.0; a test compares.',
    'Compared are presence, need, types, literal values and bounds, in that order, the first that differs; not defaults,',
    'formats or words. `–` is not there. In a request, a field that we do not list is a 400 that names it; in OpenAI’s',
    'document, objects are open. A schema in several places is compared where it first stands. `content[](type=text).text` is the field `text` of those items whose `type` is `text`.',
    '',
    ...sections.flatMap(({ operation, rows }) => [
      `## ${operation}`,
      '',
      ...(rows.length === 0
        ? ['No difference.']
        : [
            '| property | OpenAI | Cria | why |',
            '| --- | --- | --- | --- |',
            ...rows.map(
              ({ paths, row }) =>
                `| ${paths.map(code).join(', ')} | ${paths.length > 1 && row.ours === '–' ? 'there' : list(row.theirs)} | ${list(row.ours)} | ${row.reason} |`,
            ),
          ]),
      '',
    ]),
    '## Not served',
    '',
    'A request gets 404 `unknown_url`, or 405 where the path has other methods.',
    '',
    ...near.map((operation) => `- ${code(operation)}`),
    `- ${far} operations of other paths: audio, images, assistants, fine-tuning, organisations and the like`,
    '',
  ].join('\n');
}

if (import.meta.main) {
  const table = differencesTable();
  if (!process.argv.includes('--check')) writeFileSync(TABLE, table);
  else if (readFileSync(TABLE, 'utf8') !== table)
    throw new Error('docs/openai-differences.md is not current');
}
