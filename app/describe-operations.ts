import * as z from 'zod';

/** One method of one path. Schemas are named. */
export interface Operation<Name extends string> {
  readonly summary: string;
  /** An object whose fields are the parameters after `?`. */
  readonly query?: Name;
  readonly body?: Name;
  /** The body is `multipart/form-data`, not JSON. */
  readonly form?: boolean;
  /** Of status 200: a schema, or a content type whose bytes have none. */
  readonly reply: Name | `${string}/${string}`;
  /** One event of the stream that `stream: true` asks for. */
  readonly event?: Name;
  /** Other statuses that do not refuse. */
  readonly others?: Readonly<Record<number, Name>>;
}

type Json = Record<string, unknown>;

const PARAMETER = /:(\w+)(\{.+?\})?/g; // Hono's `:id` and `:id{.+}`

/** The `paths` and `components` of an OpenAPI 3.1 document. Keys of `operations` are `GET /v1/models/:id`. */
export function describeOperations<Name extends string>(
  operations: Readonly<Record<string, Operation<Name>>>,
  schemas: Readonly<Record<Name, z.ZodType>>,
  refusal: Name,
): { paths: Record<string, Json>; components: { schemas: Record<string, Json> } } {
  const components = componentSchemas(schemas);
  const paths: Record<string, Json> = {};
  for (const [route, operation] of Object.entries(operations)) {
    const [method, path] = route.split(' ') as [string, string];
    const template = toTemplate(path);
    const parameters = [...inPath(path), ...inQuery(operation.query && components[operation.query])];
    paths[template] ??= {};
    paths[template][method.toLowerCase()] = describe(operation, parameters, refusal);
  }
  return { paths, components: { schemas: components } };
}

function describe<Name extends string>(
  { summary, body, form, reply, event, others = {} }: Operation<Name>,
  parameters: readonly Json[],
  refusal: Name,
): Json {
  const refused = { description: 'Refused', content: json(refusal) };
  return {
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: true,
        content: form ? { 'multipart/form-data': { schema: ref(body) } } : json(body),
      },
    }),
    responses: {
      200: {
        description: 'OK',
        content: {
          ...(reply.includes('/') ? { [reply]: {} } : json(reply)),
          ...(event && { 'text/event-stream': { schema: { anyOf: [ref(event), ref(refusal)] } } }),
        },
      },
      ...Object.fromEntries(
        Object.entries(others).map(([status, name]) => [
          status,
          { description: 'Not a refusal', content: json(name as Name) },
        ]),
      ),
      default: refused,
    },
  };
}

/** Hono's `/v1/models/:id{.+}` as `/v1/models/{id}`. */
export const toTemplate = (path: string): string => path.replaceAll(PARAMETER, '{$1}');

const inPath = (path: string): Json[] =>
  [...path.matchAll(PARAMETER)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

const inQuery = (schema: Json | undefined): Json[] =>
  Object.entries((schema?.properties ?? {}) as Json).map(([name, field]) => ({
    name,
    in: 'query',
    required: ((schema?.required ?? []) as string[]).includes(name),
    schema: field,
  }));

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (name: string) => ({ 'application/json': { schema: ref(name) } });

function componentSchemas(named: Readonly<Record<string, z.ZodType>>): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });

  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: (id) => ref(id).$ref });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $id: _id, $schema: _dialect, ...schema }]) => [id, schema]),
  );
}
