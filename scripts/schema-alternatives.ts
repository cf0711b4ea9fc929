/** A JSON schema, as far as OpenAPI documents use them. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly not?: object;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly [bound: string]: unknown;
}
export type Schemas = Readonly<Record<string, Schema>>;

/** One thing a value may be: of one type, without choices inside. `any` admits every type. */
export interface Alternative extends Schema {
  readonly type: string;
}

/** What a schema admits, its references followed and its unions laid out side by side. Admits nothing: none. */
export function alternatives(schema: Schema, schemas: Schemas): Alternative[] {
  const { $ref, anyOf, oneOf, allOf, not: _, ...own } = schema;
  if ($ref !== undefined) return alternatives(schemas[$ref.slice($ref.lastIndexOf('/') + 1)]!, schemas);
  if (schema.not !== undefined) return [];
  const union = anyOf ?? oneOf;
  if (union !== undefined) {
    const siblings = own.properties === undefined ? [] : [own]; // beside a union, only properties add something
    return union.flatMap((one) => joined([one, ...siblings], schemas));
  }
  if (allOf !== undefined) return joined([...allOf, own], schemas);
  return typesOf(own).map((type) => ({ ...own, type }));
}

function typesOf({ type, enum: values, const: value, properties, items }: Schema): readonly string[] {
  if (Array.isArray(type)) return type;
  if (typeof type === 'string') return [type];
  if (value !== undefined) return [typeof value];
  if (values !== undefined) return [...new Set(values.map((one) => (one === null ? 'null' : typeof one)))];
  if (properties !== undefined) return ['object'];
  return [items === undefined ? 'any' : 'array'];
}

/** All parts at once. A union among them is taken with each of its objects in turn. */
function joined(parts: readonly Schema[], schemas: Schemas): Alternative[] {
  const choices = parts
    .map((part) => alternatives(part, schemas))
    .map((list) => list.filter(({ type }) => type !== 'any'))
    .filter((list) => list.length > 0);
  return choices.reduce<Alternative[]>(
    (all, list) =>
      all.length === 0
        ? list
        : all.flatMap((a) => list.flatMap((b) => (a.type === b.type ? [merge(a, b)] : []))),
    [],
  );
}

const merge = (a: Alternative, b: Alternative): Alternative => ({
  ...a,
  ...b,
  ...(a.type === 'object' && {
    properties: { ...a.properties, ...b.properties },
    required: [...new Set([...(a.required ?? []), ...(b.required ?? [])])],
  }),
});

/** The only values that a scalar may have; undefined when it is open. */
export function literals({ enum: values, const: value }: Schema): readonly unknown[] | undefined {
  return value === undefined ? values : [value];
}
