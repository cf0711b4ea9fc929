import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** What we read of an OpenAPI 3.1 document. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}
export interface OpenApiOperation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: object;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
export type Content = Readonly<Record<string, { readonly schema?: object }>>;

/** How an answer breaks the document's promise; undefined when it keeps it. */
export type Judge = (value: unknown) => string | undefined;

export interface OpenApiValidator {
  /** The operation that a request meets: the template with the most of the path written out. */
  find(method: string, path: string): OpenApiOperation | undefined;
  /** Of an answer; undefined when the operation has no such status or content type. */
  judge(operation: OpenApiOperation, status: number, contentType: string): Judge | undefined;
  judgeBody(operation: OpenApiOperation): Judge;
}

/** With `closed`, a property that a schema does not list is an error, unless it says what others are like. */
export function openApiValidator(document: OpenApi, { closed }: { closed: boolean }): OpenApiValidator {
  const ajv = new Ajv2020({ strict: closed, strictTypes: false, allErrors: false });
  addFormats.default(ajv);
  ajv.addFormat('unixtime', true); // OpenAI's: an integer already
  const schemas = toDefs(document.components.schemas) as Record<string, object>;
  ajv.addSchema({ $id: 'open', $defs: schemas });
  ajv.addSchema({ $id: 'closed', $defs: close(schemas) as Record<string, object> });

  const judges = new Map<object, Judge>();
  function judgeOf(schema: object, root = closed ? 'closed' : 'open'): Judge {
    const known = judges.get(schema);
    if (known !== undefined) return known;
    const rooted = JSON.stringify(toDefs(schema)).replaceAll('"#/', `"${root}#/`);
    const validate = ajv.compile(JSON.parse(rooted));
    const judge: Judge = (value) =>
      validate(value) ? undefined : `${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`;
    judges.set(schema, judge);
    return judge;
  }

  const templates = Object.keys(document.paths).sort((a, b) => written(b) - written(a));
  return {
    find(method, path) {
      const template = templates.find(
        (one) => toRegExp(one).test(path) && document.paths[one]![method.toLowerCase()] !== undefined,
      );
      return template === undefined ? undefined : document.paths[template]![method.toLowerCase()];
    },

    judge({ responses }, status, contentType) {
      const reply = responses[status] ?? (status >= 400 ? responses.default : undefined);
      const media = reply?.content?.[contentType.split(';')[0]!.trim()];
      return media && (media.schema === undefined ? () => undefined : judgeOf(media.schema));
    },

    judgeBody: ({ requestBody }) => judgeOf(requestBody!.content['application/json']!.schema!, 'open'), // what is not listed is refused where it says so
  };
}

const written = (template: string) => template.replaceAll(/\{\w+\}/g, '').length;

/** A parameter at the end may have slashes in it, as ids of models do. */
function toRegExp(template: string): RegExp {
  const pattern = template
    .replaceAll('.', '\\.')
    .replace(/\{\w+\}$/, '.+')
    .replaceAll(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${pattern}$`);
}

const toDefs = (json: unknown): object =>
  JSON.parse(JSON.stringify(json).replaceAll('#/components/schemas/', '#/$defs/'));

function close(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(close);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, close(value)]));
  const lists = 'properties' in inner && !('additionalProperties' in inner);
  return lists && typeof inner.type === 'string' ? { ...inner, additionalProperties: false } : inner;
}
