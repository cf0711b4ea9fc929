/** A request and an answer, as every service of the account gets and gives them. */
export interface AwsRequest {
  readonly method: string;
  readonly path: string; // as sent, escapes included
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>; // names in lower case
  readonly body: Buffer;
}

export interface AwsResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export type Service = (request: AwsRequest) => AwsResponse;

/** What becomes XML: a list's items stand in `<member>`s, a name without a value is left out. */
export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

/** No quotation marks: a template has thousands, and clients bound how many entities they take. */
const ENTITIES: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;' };

export function xml(value: XmlValue, item = 'member'): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((inner) => `<${item}>${xml(inner, item)}</${item}>`).join('');
  if (typeof value !== 'object') return String(value).replace(/[<>&]/g, (character) => ENTITIES[character]!);
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .map(([name, inner]) => `<${name}>${xml(inner, item)}</${name}>`)
    .join('');
}

export type QueryActions = Readonly<Record<string, (parameters: URLSearchParams) => XmlValue>>;

/** A service that is asked by a form and answers in XML: STS, CloudFormation. */
export function queryService(actions: QueryActions, unknown: (action: string) => Error): Service {
  return ({ body }) => {
    const parameters = new URLSearchParams(body.toString());
    const action = parameters.get('Action') ?? '';
    const run = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (!run) throw unknown(action);
    return {
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body: xml({ [`${action}Response`]: { [`${action}Result`]: run(parameters) } }),
    };
  };
}

/** A list as a form spells it: `Tags.member.1.Key`, each item as its fields. */
export function members(parameters: URLSearchParams, name: string): Readonly<Record<string, string>>[] {
  const items: Record<string, string>[] = [];
  for (const [key, value] of parameters) {
    const [, index, field] = new RegExp(`^${name}\\.member\\.(\\d+)(?:\\.(\\w+))?$`).exec(key) ?? [];
    if (index === undefined) continue;
    items[Number(index) - 1] ??= {};
    items[Number(index) - 1]![field ?? ''] = value;
  }
  return items;
}

export type JsonActions = Readonly<
  Record<string, (input: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>>
>;

/** A service that is asked in JSON, the action in a header: SSM, ECR, ECS. */
export function jsonService(actions: JsonActions, unknown: (action: string) => Error): Service {
  return ({ headers, body }) => {
    const action = (headers['x-amz-target'] ?? '').split('.').at(-1)!;
    const run = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (!run) throw unknown(action);
    return {
      status: 200,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify(run(JSON.parse(body.toString() || '{}'))),
    };
  };
}
