import {
  type Alternative,
  alternatives,
  literals,
  type Schema,
  type Schemas,
} from './schema-alternatives.ts';

/** A schema in its document. */
export interface Side {
  readonly schema: Schema;
  readonly schemas: Schemas;
}

export interface Difference {
  readonly path: string;
  readonly theirs: string;
  readonly ours: string;
}

const ABSENT = '–';
const TAGS = ['type', 'role', 'object'];
const BOUNDS = [
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  ...['minLength', 'maxLength', 'pattern', 'minItems', 'maxItems', 'maxProperties'],
];
const SAFE = Number.MAX_SAFE_INTEGER; // every integer of a JSON number that is one

/**
 * Where two schemas admit other values, property by property: what is there, required, its types, literal values and
 * bounds. Objects of a union are told apart by their tag: `content[](type=text).text`. Two objects that `seen` has held
 * against each other are not again.
 */
export function compareSchemas(
  path: string,
  theirs: Side,
  ours: Side,
  seen = new Set<string>(),
): Difference[] {
  const context = { theirs: theirs.schemas, ours: ours.schemas, seen };
  return compare(path, alternativesOf(theirs), alternativesOf(ours), context);
}

interface Context {
  readonly theirs: Schemas;
  readonly ours: Schemas;
  readonly seen: Set<string>;
}

const alternativesOf = ({ schema, schemas }: Side) => alternatives(schema, schemas);

function compare(
  path: string,
  theirs: readonly Alternative[],
  ours: readonly Alternative[],
  context: Context,
): Difference[] {
  const facts = [typesOf, valuesOf, boundsOf].flatMap((fact) => {
    const [a, b] = [fact(theirs), fact(ours)];
    return a === b || a === '' || b === '' ? [] : [{ path, theirs: a, ours: b }];
  });
  const own = facts.slice(0, 1); // one row a property: the first says the most
  return [
    ...own,
    ...compareObjects(path, theirs, ours, context),
    ...compareItems(path, theirs, ours, context),
  ];
}

function typesOf(list: readonly Alternative[]): string {
  const types = new Set(list.map((one) => (one.type === 'number' && isWhole(one) ? 'integer' : one.type)));
  if (types.has('any')) return 'anything';
  if (types.has('number')) types.delete('integer');
  return [...types].sort().join(' or ') || 'nothing';
}

const isWhole = (one: Alternative) => one.multipleOf === 1 || literals(one)?.every(Number.isInteger);

function valuesOf(list: readonly Alternative[]): string {
  const scalars = list.filter(({ type }) => !['object', 'array', 'null'].includes(type));
  if (scalars.length === 0) return '';
  const lists = scalars.map(literals);
  if (lists.includes(undefined)) return scalars.some(({ type }) => type === 'boolean') ? '' : 'any';
  return [...new Set(lists.flatMap((values) => values!.map((value) => JSON.stringify(value))))]
    .sort()
    .join(', ');
}

function boundsOf(list: readonly Alternative[]): string {
  const texts = list
    .filter(({ type }) => type !== 'null')
    .map((one) =>
      BOUNDS.filter((name) => one[name] !== undefined && !(Math.abs(Number(one[name])) >= SAFE))
        .map((name) => `${name} ${one[name]}`)
        .join(', '),
    );
  return [...new Set(texts.filter((text) => text !== ''))].sort().join('; ') || 'no bounds';
}

function compareItems(
  path: string,
  theirs: readonly Alternative[],
  ours: readonly Alternative[],
  context: Context,
): Difference[] {
  const items = (list: readonly Alternative[], schemas: Schemas) =>
    list
      .filter(({ type, items }) => type === 'array' && items !== undefined)
      .flatMap(({ items }) => alternatives(items!, schemas));
  if (![theirs, ours].every((list) => list.some(({ type, items }) => type === 'array' && items))) return [];
  return compare(`${path}[]`, items(theirs, context.theirs), items(ours, context.ours), context);
}

function compareObjects(
  path: string,
  theirs: readonly Alternative[],
  ours: readonly Alternative[],
  context: Context,
): Difference[] {
  const [a, b] = [theirs, ours].map((list) => list.filter(({ type }) => type === 'object'));
  if (a!.length === 0 || b!.length === 0) return [];
  const both = JSON.stringify([a, b]);
  if (context.seen.has(both)) return [];
  context.seen.add(both);

  const tagged = [
    ...a!.map((one) => tagsOf(one, context.theirs)),
    ...b!.map((one) => tagsOf(one, context.ours)),
  ];
  const tag = TAGS.find((name) => tagged.filter((tags) => tags[name]).length > tagged.length / 2);
  if (tag === undefined || tagged.length === 2) return compareProperties(path, a!, b!, context);

  const byName = (list: readonly Alternative[], schemas: Schemas) => {
    const named = list.flatMap((one) => (tagsOf(one, schemas)[tag] ?? ['…']).map((name) => ({ name, one })));
    return Map.groupBy(named, ({ name }) => name);
  };
  const [theirsByName, oursByName] = [byName(a!, context.theirs), byName(b!, context.ours)];
  return [...new Set([...theirsByName.keys(), ...oursByName.keys()])].flatMap((name) => {
    const at = `${path}(${tag}=${name})`;
    const [from, to] = [theirsByName, oursByName].map((map) => map.get(name)?.map(({ one }) => one));
    if (to === undefined) return [{ path: at, theirs: 'object', ours: ABSENT }];
    if (from === undefined) return [{ path: at, theirs: ABSENT, ours: 'object' }];
    return compareProperties(at, from, to, context, tag);
  });
}

/** What an object says of itself, by the names of its tags. */
function tagsOf({ properties = {} }: Alternative, schemas: Schemas): Record<string, readonly string[]> {
  const found = TAGS.flatMap((name) => {
    const tag =
      properties[name] && alternatives(properties[name], schemas).flatMap((one) => literals(one) ?? []);
    return tag?.length ? [[name, tag]] : [];
  });
  return Object.fromEntries(found);
}

function compareProperties(
  path: string,
  theirs: readonly Alternative[],
  ours: readonly Alternative[],
  context: Context,
  tag?: string,
): Difference[] {
  const names = new Set([...theirs, ...ours].flatMap(({ properties }) => Object.keys(properties ?? {})));
  const rows = [...names]
    .filter((name) => name !== tag)
    .flatMap((name) => {
      const at = path === '' ? name : `${path}.${name}`;
      const [a, b] = [of(theirs, name, context.theirs), of(ours, name, context.ours)];
      if (b === undefined) return [{ path: at, theirs: typesOf(a!.list), ours: ABSENT }];
      if (a === undefined) return [{ path: at, theirs: ABSENT, ours: typesOf(b.list) }];
      const need =
        a.required === b.required ? [] : [{ path: at, theirs: needed(a.required), ours: needed(b.required) }];
      const inside = compare(at, a.list, b.list, context);
      return inside[0]?.path === at ? inside : [...need, ...inside];
    });
  return [...rows, ...compareRest(path, theirs, ours, context)];
}

const needed = (required: boolean) => (required ? 'required' : 'optional');

/** A property over several objects: there in any, required only by all. */
function of(objects: readonly Alternative[], name: string, schemas: Schemas) {
  const having = objects.filter(({ properties }) => properties?.[name] !== undefined);
  if (having.length === 0) return undefined;
  return {
    required: objects.every(({ required }) => required?.includes(name)),
    list: having.flatMap(({ properties }) => alternatives(properties![name]!, schemas)),
  };
}

/** The values of a map, whose keys nobody lists. */
function compareRest(
  path: string,
  theirs: readonly Alternative[],
  ours: readonly Alternative[],
  context: Context,
): Difference[] {
  const rest = (list: readonly Alternative[], schemas: Schemas) =>
    list.flatMap(({ additionalProperties: one }) =>
      typeof one === 'object' && Object.keys(one).length > 0 ? alternatives(one, schemas) : [],
    );
  const maps = [theirs, ours].every((list) =>
    list.some(({ additionalProperties: one }) => typeof one === 'object'),
  );
  return maps ? compare(`${path}.*`, rest(theirs, context.theirs), rest(ours, context.ours), context) : [];
}
