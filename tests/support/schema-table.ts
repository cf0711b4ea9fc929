// Schemas to hold replies to, each with values that it allows and does not allow. Properties stand in their schema's
// order.

export interface SchemaCase {
  readonly schema: unknown;
  readonly valid: readonly unknown[];
  readonly invalid: readonly unknown[];
}

const allow = (schema: unknown, valid: readonly unknown[], invalid: readonly unknown[] = []): SchemaCase => ({
  schema,
  valid,
  invalid,
});

const text = { type: 'string' };
const whole = { type: 'integer' };
const real = { type: 'number' };
const yesNo = { type: 'boolean' };
const nothing = { type: 'null' };

/** All properties required, and no others. */
const closed = (properties: Record<string, unknown>, more: object = {}) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
});
const open = (properties: Record<string, unknown>, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
});
const list = (items: unknown, more: object = {}) => ({ type: 'array', items, ...more });
const either = (...anyOf: readonly unknown[]) => ({ anyOf });
const to = (name: string) => ({ $ref: `#/$defs/${name}` });

const types: readonly SchemaCase[] = [
  allow({}, [1, 'a', null, true, [], {}, [[{ a: [] }]]]),
  allow({ title: 'Anything', description: 'At all.', default: 3, examples: [1] }, [0, { x: 1 }]),
  allow(text, ['', 'a', 'déjà', '😀', 'a"b\\c/d\n\t\b\f\r', '\u2028'], [1, null, ['a']]),
  allow(whole, [0, 7, -1, 123456789012345], [0.5, '1', null]),
  allow(real, [0, -0.5, 3.25, 1e21, 2.5e-7, 123456.789], ['1', null, true]),
  allow(yesNo, [true, false], [0, 'true', null]),
  allow(nothing, [null], [0, false, 'null', {}]),
  allow({ type: 'array' }, [[], [1, 'a', [null]], [[[[]]]]], [{}, 1]),
  allow({ type: 'object' }, [{}, { a: 1, b: { c: [] } }, { '': '' }], [[], 'a']),
  allow({ type: ['string', 'null'] }, ['a', null], [1, {}]),
  allow({ type: ['integer', 'boolean', 'array'], maxItems: 1 }, [4, true, [], [9]], [[1, 2], 'a']),
  allow(
    { type: ['object', 'string'], maxLength: 2, properties: { a: whole } },
    ['ab', {}, { a: 1 }],
    ['abc', { a: 'x' }],
  ),
  allow({ ...text, nullable: true }, ['x', null], [1]),
  allow({ type: ['number', 'null'], minimum: 5 }, [5, 6.5, null], [4.9, 'x']),
  allow({ type: ['integer', 'number'], maximum: 2 }, [1, 1.5, -7], [3]),
  allow({ type: ['string'] }, ['only one'], [1]),
];

const objects: readonly SchemaCase[] = [
  allow(closed({}), [{}], [{ a: 1 }, []]),
  allow(closed({ a: whole }), [{ a: 1 }], [{}, { a: '1' }, { a: 1, b: 2 }]),
  allow(closed({ name: text, age: whole }), [{ name: 'Ada', age: 36 }], [{ name: 'Ada' }, { age: 36 }]),
  allow(closed({ a: yesNo, b: yesNo, c: yesNo, d: yesNo, e: yesNo }), [
    { a: true, b: false, c: true, d: false, e: true },
  ]),
  allow(
    open({ a: whole, b: text, c: yesNo }),
    [{}, { a: 1 }, { b: '' }, { c: true }, { a: 1, c: false }, { a: 1, b: 'x', c: true }],
    [{ a: 'x' }],
  ),
  allow(
    open({ a: whole, b: text, c: yesNo }, ['b']),
    [{ b: 'x' }, { a: 1, b: 'x' }, { b: 'x', c: true }],
    [{}, { a: 1, c: true }],
  ),
  allow(
    open({ a: whole, b: text, c: yesNo }, ['c']),
    [{ c: true }, { b: 'x', c: true }, { a: 1, c: true }],
    [{ a: 1, b: 'x' }],
  ),
  allow(open({ a: whole, b: text, c: yesNo }, ['a']), [{ a: 1 }, { a: 1, c: true }], [{ b: 'x' }]),
  allow(
    open({ a: whole, b: text, c: yesNo, d: real, e: nothing }, ['b', 'd']),
    [
      { b: '', d: 1 },
      { a: 1, b: '', c: true, d: 1.5, e: null },
    ],
    [{ b: '' }],
  ),
  allow(
    { ...open({ a: whole }), additionalProperties: true },
    [{}, { a: 1 }, { b: 'x' }, { a: 1, b: [], c: null }, { ab: 1 }, { '': 1 }],
    [{ a: 'x' }],
  ),
  allow(
    { ...open({ a: whole, ab: text }, ['a']), additionalProperties: yesNo },
    [{ a: 1 }, { a: 1, ab: 'x', abc: true }, { a: 1, b: false }],
    [{ a: 1, b: 2 }, { ab: 'x' }],
  ),
  allow({ type: 'object', additionalProperties: whole }, [{}, { x: 1 }, { x: 1, y: 2 }], [{ x: 'a' }]),
  allow(
    { type: 'object', additionalProperties: list(text) },
    [{ fr: ['un', 'deux'], en: [] }],
    [{ fr: [1] }],
  ),
  allow({ type: 'object', additionalProperties: false }, [{}], [{ a: 1 }]),
  allow(
    { type: 'object', required: ['x', 'y'] },
    [
      { x: 1, y: 2 },
      { x: 'a', y: null, z: [] },
    ],
    [{ x: 1 }],
  ),
  allow(
    { type: 'object', required: ['x'], additionalProperties: whole },
    [{ x: 1 }, { x: 1, y: 2 }],
    [{ y: 2 }, { x: 'a' }],
  ),
  allow({ properties: { a: whole } }, [{}, { a: 2 }], [{ a: 'x' }]),
  allow(closed({ 'with space': text, 'quote"d': text, üñí: text, 'back\\slash': text }), [
    { 'with space': '', 'quote"d': '', üñí: '', 'back\\slash': '' },
  ]),
  allow(
    { ...open({ 'quote"d': whole, 'nl\n': whole }), additionalProperties: text },
    [{ 'quote"d': 1, other: 'x' }, { 'nl\n': 2 }, { nl: 'x' }],
    [{ 'quote"d': 'x' }],
  ),
  allow(
    closed({ outer: closed({ inner: closed({ deep: list(closed({ x: whole })) }) }) }),
    [{ outer: { inner: { deep: [{ x: 1 }, { x: 2 }] } } }],
    [{ outer: {} }],
  ),
  allow(closed({ a: { ...text, description: 'The first.' }, b: { ...whole, default: 3 } }), [
    { a: 'x', b: 3 },
  ]),
  allow(
    closed({ id: { type: ['string', 'integer'] }, tag: { type: ['string', 'null'] } }),
    [
      { id: 'x', tag: null },
      { id: 3, tag: 'y' },
    ],
    [{ id: null, tag: null }],
  ),
  allow(
    {
      ...open({ p: { const: 1 }, q: { const: 2 } }),
      additionalProperties: { type: 'object', additionalProperties: nothing },
    },
    [
      { p: 1, q: 2, r: { s: null } },
      { q: 2, r: {} },
    ],
    [{ p: 2 }],
  ),
  allow(closed({ any: {}, more: true }), [{ any: [1, { a: null }], more: 'x' }]),
  allow(open({ never: false, a: whole }), [{}, { a: 1 }], [{ never: 1 }]),
];

const arrays: readonly SchemaCase[] = [
  allow(list(whole), [[], [1], [1, 2, 3, 4, 5]], [['a'], [1, 'a']]),
  allow(list(text, { minItems: 1 }), [['a'], ['a', 'b']], [[]]),
  allow(
    list(whole, { minItems: 2, maxItems: 4 }),
    [
      [1, 2],
      [1, 2, 3, 4],
    ],
    [[1], [1, 2, 3, 4, 5]],
  ),
  allow(list(yesNo, { maxItems: 0 }), [[]], [[true]]),
  allow(list(yesNo, { maxItems: 1 }), [[], [true]], [[true, true]]),
  allow(list(nothing, { minItems: 3, maxItems: 3 }), [[null, null, null]], [[null, null]]),
  allow(
    list({ enum: [0, 1] }, { minItems: 12, maxItems: 15 }),
    [Array(12).fill(1), Array(15).fill(0)],
    [Array(11).fill(1), Array(16).fill(1)],
  ),
  allow(list(list(whole)), [[], [[]], [[1], [], [2, 3]]], [[1]]),
  allow(
    list(list(list(yesNo, { maxItems: 2 }), { maxItems: 2 }), { maxItems: 2 }),
    [[[[true]]], [[], [[], [true, false]]]],
    [[[[true, true, true]]]],
  ),
  allow(
    { type: 'array', prefixItems: [text, whole] },
    [[], ['a'], ['a', 1], ['a', 1, null]],
    [[1], ['a', 'b']],
  ),
  allow({ type: 'array', prefixItems: [text, whole], items: false }, [['a', 1], ['a'], []], [['a', 1, 2]]),
  allow(
    { type: 'array', prefixItems: [text, whole], items: yesNo, minItems: 2 },
    [
      ['a', 1],
      ['a', 1, true, false],
    ],
    [['a'], ['a', 1, 2]],
  ),
  allow(
    { type: 'array', prefixItems: [text, whole, yesNo], minItems: 3, maxItems: 3 },
    [['a', 1, true]],
    [
      ['a', 1],
      ['a', 1, true, 4],
    ],
  ),
  allow(
    { type: 'array', prefixItems: [nothing], items: whole, minItems: 3, maxItems: 5 },
    [
      [null, 1, 2],
      [null, 1, 2, 3, 4],
    ],
    [[null, 1]],
  ),
  allow(list({}), [[], [1, 'a', {}]]),
  allow({ type: 'array', items: false }, [[]], [[1]]),
  allow(list(either(whole, list(whole))), [[1, [2, 3], 4]], [['a']]),
  allow({ items: text, uniqueItems: false }, [['a', 'a']], [[1]]),
  allow(list({ type: ['integer', 'null'] }, { minItems: 1 }), [[null, 1, null]], [[]]),
  allow(list(closed({ x: real, y: real }), { minItems: 1, maxItems: 3 }), [[{ x: 0, y: 1.5 }]], [[{ x: 0 }]]),
];

const values: readonly SchemaCase[] = [
  allow({ enum: ['red', 'green', 'blue'] }, ['red', 'blue'], ['Red', 're', 'reds', 1]),
  allow({ ...text, enum: ['a', 'ab', 'abc', ''] }, ['a', 'ab', 'abc', ''], ['b', 'abcd']),
  allow({ enum: [1, 2, 3] }, [1, 3], [4, '1', 12]),
  allow({ enum: [null, true, 'x', 1.5, -2] }, [null, true, 'x', 1.5, -2], [false, 'null']),
  allow({ type: 'integer', enum: [1, 'a', 2, null] }, [1, 2], ['a', null]),
  allow({ type: ['string', 'null'], enum: ['a', null, 3] }, ['a', null], [3]),
  allow({ enum: [[1, 2], { a: [null] }, []] }, [[1, 2], { a: [null] }, []], [[1], {}]),
  allow(
    { enum: ['"quoted"', 'line\nbreak', 'tab\t', 'ünï', '😀'] },
    ['"quoted"', 'line\nbreak', '😀'],
    ['quoted'],
  ),
  allow({ const: 'only' }, ['only'], ['other', 'onl']),
  allow({ const: 42 }, [42], [4, 420, '42']),
  allow({ const: null }, [null], [0]),
  allow({ const: { a: { b: [1, 2] } } }, [{ a: { b: [1, 2] } }], [{ a: {} }]),
  allow({ ...text, const: 'typed' }, ['typed'], ['x']),
  allow(
    { enum: Array.from({ length: 300 }, (_, i) => `value-${i}`) },
    ['value-0', 'value-299'],
    ['value-300', 'value-'],
  ),
  allow({ enum: ['toString', 'constructor', '__proto__'] }, ['constructor', '__proto__'], ['hasOwnProperty']),
];

const strings: readonly SchemaCase[] = [
  allow({ ...text, minLength: 1 }, ['a', '\n', 'é', '😀'], ['']),
  allow({ ...text, maxLength: 3 }, ['', 'abc', '😀😀😀', '"\\\n'], ['abcd', '😀😀😀😀']),
  allow({ ...text, minLength: 2, maxLength: 2 }, ['ab', '😀é'], ['a', 'abc', '😀']),
  allow({ ...text, maxLength: 0 }, [''], ['a']),
  allow(
    { ...text, minLength: 20, maxLength: 200 },
    ['x'.repeat(20), 'é'.repeat(200)],
    ['x'.repeat(19), 'x'.repeat(201)],
  ),
  allow({ minLength: 5 }, ['abcde'], ['abcd']),
  allow({ ...text, pattern: '^[a-z]+$' }, ['a', 'zzz'], ['', 'A', 'a1']),
  allow({ ...text, pattern: '^\\d{3}-\\d{4}$' }, ['555-1234'], ['5551234', '555-12345', 'x555-1234']),
  allow({ ...text, pattern: '^(cat|dog|bird)s?$' }, ['cat', 'dogs'], ['cow', 'catss']),
  allow({ ...text, pattern: '^#([0-9a-f]{3}|[0-9a-f]{6})$' }, ['#fff', '#00ff7f'], ['#ffff', 'fff']),
  allow(
    { ...text, pattern: '^[A-Z][a-z]*( [A-Z][a-z]*){0,3}$' },
    ['Ada', 'Ada King Noel Lovelace'],
    ['ada', 'Ada  King'],
  ),
  allow({ ...text, pattern: '^a.c$' }, ['abc', 'a😀c', 'a"c', 'a\\c'], ['ac', 'a\nc', 'abbc']),
  allow({ ...text, pattern: '^[^aeiou]{1,8}$' }, ['xyz', '😀', '"\n'], ['a', 'xax']),
  allow({ ...text, pattern: '^\\w+@\\w+\\.(com|org)$' }, ['ada@example.org'], ['ada@example.net']),
  allow({ ...text, pattern: '^\\s*\\S+\\s*$' }, ['x', ' x\t', '\u00a0y\u3000'], [' ', 'x y']),
  allow({ ...text, pattern: '^(a|b)*abb$' }, ['abb', 'aababb'], ['ab', 'abba']),
  allow({ ...text, pattern: '^$' }, [''], ['a']),
  allow({ ...text, pattern: '^(?:x{2}){2,3}$' }, ['xxxx', 'xxxxxx'], ['xxx', 'xxxxx']),
  allow({ ...text, pattern: '^(?<year>\\d{4})/(?<month>0[1-9]|1[0-2])$' }, ['2024/09'], ['2024/13']),
  allow({ ...text, pattern: '^[\\u00e0-\\u00ff]+$' }, ['éàü'], ['e', 'Ā']),
  allow({ ...text, pattern: '^\\u{1F600}+$' }, ['😀😀'], ['😁']),
  allow({ ...text, pattern: '^[\\]\\-\\\\^]+$' }, [']', '-\\^'], ['[']),
  allow({ ...text, pattern: '^[-a]+[b-]$' }, ['-b', 'a-'], ['b']),
  allow({ ...text, pattern: '^\\$\\d+(?:\\.\\d{2})?$' }, ['$5', '$10.99'], ['$1.9', '5']),
  allow({ ...text, pattern: '^\\/api\\/v[12]\\/[a-z]{1,10}$' }, ['/api/v1/users'], ['/api/v3/users']),
  allow({ ...text, pattern: '^(a+)+$', maxLength: 10 }, ['a', 'aaaaaaaaaa'], ['b', 'a'.repeat(11)]),
  allow({ ...text, pattern: '^([01]|[23])+?$', minLength: 3, maxLength: 5 }, ['012', '33333'], ['01', '4']),
  allow({ ...text, pattern: 'ab', maxLength: 6 }, ['ab', 'xxab', 'abxx', '"ab"'], ['a b', 'ba']),
  allow({ ...text, pattern: '^ab', maxLength: 6 }, ['ab', 'abxx'], ['xab']),
  allow({ ...text, pattern: 'ab$', maxLength: 6 }, ['ab', 'xxab'], ['abx']),
  allow({ ...text, pattern: '^a|b$', maxLength: 4 }, ['a', 'axx', 'xxb', 'b'], ['xa', 'bx']),
  allow({ ...text, pattern: '[0-9]', maxLength: 5 }, ['1', 'ab3c'], ['abc']),
  allow({ ...text, pattern: '^[\\x41-\\x43\\cJ\\0]+$' }, ['ABC', '\n', '\0A'], ['D']),
  allow({ ...text, pattern: '^\\D\\W$' }, ['a!', '..'], ['1!', 'ab']),
];

const formats: readonly SchemaCase[] = [
  allow(
    { ...text, format: 'date' },
    ['2024-02-29', '1999-12-31', '2000-02-29'],
    ['2023-02-29', '1900-02-29', '2024-13-01', '2024-04-31', '24-01-01'],
  ),
  allow(
    { ...text, format: 'time' },
    ['23:59:59Z', '00:00:00.123+02:00'],
    ['24:00:00Z', '12:60:00Z', '12:00:00'],
  ),
  allow(
    { ...text, format: 'date-time' },
    ['2024-09-25T10:00:00Z', '2024-02-29T23:59:59.5-08:00'],
    ['2024-09-25 10:00', '2024-09-25', '2023-02-29T00:00:00Z'],
  ),
  allow(
    { ...text, format: 'duration' },
    ['P1D', 'PT5M', 'P1Y2M3DT4H5M6S', 'P2W', 'PT1H'],
    ['P', 'PT', '1D', 'P1W1D', 'P1H'],
  ),
  allow(
    { ...text, format: 'email' },
    ['ada@example.com', "o'neil+tag@sub.example.co.uk"],
    ['ada', 'ada@', '@example.com', 'a b@example.com', 'a..b@example.com'],
  ),
  allow(
    { ...text, format: 'hostname' },
    ['example.com', 'a', 'x-1.example.org'],
    ['-a', 'a-', 'a..b', 'a_b'],
  ),
  allow({ ...text, format: 'ipv4' }, ['0.0.0.0', '192.168.1.255'], ['256.1.1.1', '1.1.1', '01.1.1.1']),
  allow(
    { ...text, format: 'ipv6' },
    ['::', '::1', '2001:db8::8a2e:370:7334', '1:2:3:4:5:6:7:8', '::ffff:192.0.2.1', '1::', 'fe80::1:2'],
    [':::', '1:2:3', '1:2:3:4:5:6:7:8:9', '12345::', '1::2::3'],
  ),
  allow(
    { ...text, format: 'uuid' },
    ['123e4567-e89b-12d3-a456-426614174000'],
    ['123e4567e89b12d3a456426614174000', '123e4567-e89b-12d3-a456-42661417400g'],
  ),
  allow({ ...text, format: 'email', maxLength: 16 }, ['a@example.com'], ['averylongname@example.com']),
  allow({ ...text, format: 'date', pattern: '^202[0-9]-' }, ['2024-01-31'], ['2019-01-31', '2024-02-30']),
  allow(
    closed({ when: { ...text, format: 'date-time' }, id: { ...text, format: 'uuid' } }),
    [{ when: '2024-09-25T10:00:00Z', id: '123e4567-e89b-12d3-a456-426614174000' }],
    [{ when: 'now', id: 'x' }],
  ),
  allow({ type: ['string', 'null'], format: 'ipv4' }, ['10.0.0.1', null], ['x']),
];

const numbers: readonly SchemaCase[] = [
  allow({ ...whole, minimum: 0 }, [0, 7, 999999999999999], [-1]),
  allow({ ...whole, maximum: 0 }, [0, -12], [1]),
  allow({ ...whole, minimum: 1, maximum: 10 }, [1, 9, 10], [0, 11, 100]),
  allow({ ...whole, minimum: -5, maximum: 5 }, [-5, 0, 5], [-6, 6, 50]),
  allow({ ...whole, minimum: 17, maximum: 17 }, [17], [1, 7, 18, 170]),
  allow(
    { ...whole, minimum: 98, maximum: 1203 },
    [98, 99, 100, 999, 1000, 1199, 1203],
    [97, 1204, 1300, 2000],
  ),
  allow({ ...whole, minimum: -1203, maximum: -98 }, [-98, -1203, -500], [-97, -1204, 98]),
  allow({ ...whole, exclusiveMinimum: 0, exclusiveMaximum: 4 }, [1, 3], [0, 4]),
  allow({ ...whole, minimum: 0.5, maximum: 3.5 }, [1, 3], [0, 4]),
  allow({ ...whole, multipleOf: 7 }, [0, 7, -14, 700], [1, 8]),
  allow({ ...whole, multipleOf: 5, minimum: 3, maximum: 42 }, [5, 40], [0, 3, 45]),
  allow({ ...whole, multipleOf: 100 }, [0, 100, -2500], [50, 101]),
  allow({ ...whole, multipleOf: 2.5 }, [0, 5, 10], [2, 3]),
  allow({ ...whole, multipleOf: 0.5 }, [0, 1, 7], [0.5]),
  allow({ ...whole, minimum: 2000, maximum: 2030, exclusiveMaximum: 2025 }, [2000, 2024], [2025, 1999]),
  allow({ ...real, minimum: 0 }, [0, 0.25, 12.5], [-0.1, -1]),
  allow({ ...real, minimum: 0, maximum: 1 }, [0, 1, 0.5, 0.0001, 0.999], [1.1, -0.5, 2]),
  allow({ ...real, exclusiveMinimum: 0, exclusiveMaximum: 1 }, [0.1, 0.999, 0.000001], [0, 1]),
  allow({ ...real, minimum: -90, maximum: 90 }, [-90, 90, 0.5, -45.123456], [90.1, -91]),
  allow({ ...real, minimum: -0.5, maximum: -0.25 }, [-0.5, -0.3, -0.25], [-0.2, 0, -1]),
  allow({ ...real, exclusiveMaximum: -3 }, [-3.5, -4], [-3, 0]),
  allow({ ...real, minimum: 0.1, maximum: 0.3 }, [0.1, 0.2, 0.3, 0.15], [0.31, 0.05]),
  allow({ ...real, multipleOf: 0.01, minimum: 0 }, [0, 0.07, 19.99, 5], [0.001, -1]),
  allow({ ...real, multipleOf: 0.25 }, [0.25, -1.5, 3], [0.1]),
  allow({ ...real, multipleOf: 3 }, [0, 3, -9], [1, 1.5]),
  allow({ ...real, maximum: 1e300 }, [1, -5.5], ['x']),
  allow({ ...real, minimum: 1000000.5 }, [1000000.5, 2000000], [1000000]),
  allow({ minimum: 3 }, [3, 3.5], [2]),
];

const unions: readonly SchemaCase[] = [
  allow(either(text, whole), ['a', 1], [null, 0.5]),
  allow(
    either(closed({ kind: { const: 'a' }, x: whole }), closed({ kind: { const: 'b' }, y: text })),
    [
      { kind: 'a', x: 1 },
      { kind: 'b', y: '' },
    ],
    [{ kind: 'a', y: '' }],
  ),
  allow(
    either(closed({ a: whole }), closed({ a: text }), closed({ a: nothing })),
    [{ a: 1 }, { a: '' }, { a: null }],
    [{ a: true }],
  ),
  allow(either(list(whole), list(text)), [[], [1, 2], ['a']], [[1, 'a']]),
  allow(either(nothing, either(yesNo, either(whole, text))), [null, true, 1, 'a'], [[]]),
  allow(
    closed({ v: either({ ...text, maxLength: 2 }, { ...whole, minimum: 5 }) }),
    [{ v: 'ab' }, { v: 5 }],
    [{ v: 'abc' }, { v: 4 }],
  ),
  allow(
    either({ ...text, pattern: '^a', maxLength: 3 }, { ...text, pattern: 'b$', maxLength: 5 }),
    ['abc', 'xxxxb'],
    ['xxc'],
  ),
  allow(either({ const: 1 }, { const: 2 }, { enum: [3, 4] }), [1, 4], [5]),
  allow({ ...either(text, nothing), description: 'Maybe.', default: null }, ['a', null], [1]),
  allow(either(false, whole), [1], ['a']),
  allow({ allOf: [closed({ a: whole })], title: 'One' }, [{ a: 1 }], [{}]),
  allow(
    list(either(closed({ t: { const: 'n' } }), closed({ t: { const: 's' }, v: text })), { minItems: 1 }),
    [[{ t: 'n' }, { t: 's', v: 'x' }]],
    [[{ t: 's' }]],
  ),
  allow(either(open({ a: whole, b: whole }), open({ a: text, c: text })), [
    {},
    { a: 1, b: 2 },
    { a: 'x', c: 'y' },
  ]),
];

/** As zod and pydantic write them. */
const generated: readonly SchemaCase[] = [
  allow(
    {
      oneOf: [closed({ t: { ...text, const: 'a' } }), closed({ t: { ...text, const: 'b' }, x: whole })],
      discriminator: { propertyName: 't' },
    },
    [{ t: 'a' }, { t: 'b', x: 1 }],
    [{ t: 'b' }, { t: 'c' }],
  ),
  allow({ oneOf: [whole, text, nothing, list(whole)] }, [1, 'a', null, [2]], [true, {}]),
  allow(
    { oneOf: [{ enum: ['a', 'b'] }, { const: 'c' }, { enum: [1, null] }] },
    ['b', 'c', 1, null],
    ['d', 2],
  ),
  allow(
    {
      $defs: {
        cat: closed({ kind: { enum: ['cat', 'lion'] }, lives: whole }),
        dog: closed({ kind: { const: 'dog' } }),
      },
      ...list({ oneOf: [to('cat'), to('dog')] }),
    },
    [[{ kind: 'lion', lives: 9 }, { kind: 'dog' }]],
    [[{ kind: 'dog', lives: 1 }]],
  ),
  allow({ type: 'object', propertyNames: text, additionalProperties: real }, [{}, { a: 1.5 }], [{ a: 'x' }]),
  allow(
    { type: 'object', propertyNames: { ...text, enum: ['a', 'b', 'ab'] }, additionalProperties: whole },
    [{}, { b: 1, ab: 2 }],
    [{ c: 1 }, { a: 'x' }],
  ),
  allow(
    { type: 'object', propertyNames: { enum: ['a', 'b'] }, additionalProperties: whole, required: ['b'] },
    [{ b: 1 }, { b: 1, a: 2 }],
    [{ a: 1 }, { b: 1, c: 2 }],
  ),
  allow(
    {
      type: 'object',
      propertyNames: { enum: ['a', 'b'] },
      additionalProperties: yesNo,
      required: ['a', 'b'],
    },
    [{ a: true, b: false }],
    [{ a: true }],
  ),
  allow(open({ a: whole, b: { not: {} } }), [{}, { a: 1 }], [{ b: 1 }]),
  allow(either({ not: true }, text), ['a'], [1]),
  allow(
    { ...text, format: 'uri' },
    ['https://example.com', 'http://a.b:80/c/d%20e?x=1&y#z'],
    ['example.com', 'https://exa mple.com'],
  ),
  allow(
    { ...text, pattern: '^(?=.*[A-Z])(?=.*\\d).{8,12}$' },
    ['Password1', '12345678A'],
    ['password1', 'Passw1', 'PASSWORDS'],
  ),
  allow({ ...text, pattern: '^(?!admin|root)[a-z]{3,8}$' }, ['ada', 'adminx'.slice(1)], ['admin', 'rooted']),
  allow(
    {
      ...text,
      format: 'email',
      pattern:
        "^(?!\\.)(?!.*\\.\\.)([A-Za-z0-9_'+\\-\\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\\-]*\\.)+[A-Za-z]{2,}$",
    },
    ['ada@example.com'],
    ['.a@example.com', 'a..b@example.com', 'a@b'],
  ),
  allow(
    {
      ...text,
      format: 'uuid',
      pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
    },
    ['123e4567-e89b-42d3-a456-426614174000'],
    ['123e4567-e89b-12d3-a456-426614174000'],
  ),
  allow({ ...whole, minimum: -9007199254740991, maximum: 9007199254740991 }, [0, -123456789012345], [0.5]),
];

const references: readonly SchemaCase[] = [
  allow(
    { $defs: { p: closed({ x: whole }) }, ...closed({ a: to('p'), b: to('p') }) },
    [{ a: { x: 1 }, b: { x: 2 } }],
    [{ a: { x: 1 } }],
  ),
  allow({ definitions: { n: whole }, ...list({ $ref: '#/definitions/n' }) }, [[1, 2]], [['a']]),
  allow({ $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: yesNo } }, [true], [1]),
  allow(
    { $defs: { node: closed({ value: whole, next: either(to('node'), nothing) }) }, ...to('node') },
    [
      { value: 1, next: null },
      { value: 1, next: { value: 2, next: null } },
    ],
    [{ value: 1 }],
  ),
  allow(
    closed({ name: text, children: list({ $ref: '#' }) }),
    [
      { name: 'a', children: [] },
      { name: 'a', children: [{ name: 'b', children: [] }] },
    ],
    [{ name: 'a' }],
  ),
  allow(
    {
      $defs: { tree: open({ left: to('tree'), value: whole, right: to('tree') }, ['value']) },
      ...to('tree'),
    },
    [{ value: 1 }, { left: { value: 0 }, value: 1, right: { value: 2 } }],
    [{}],
  ),
  allow(
    { $defs: { e: either(whole, closed({ op: { enum: ['+', '*'] }, l: to('e'), r: to('e') })) }, ...to('e') },
    [1, { op: '+', l: 1, r: { op: '*', l: 2, r: 3 } }],
    [{ op: '-', l: 1, r: 1 }],
  ),
  allow(
    {
      $defs: {
        json: {
          type: ['object', 'array', 'string', 'integer', 'null'],
          items: to('json'),
          additionalProperties: to('json'),
        },
      },
      ...to('json'),
    },
    [{ a: [1, { b: null }] }, 'x'],
    [0.5],
  ),
  allow(
    {
      $defs: { a: closed({ b: either(to('b'), nothing) }), b: closed({ a: either(to('a'), nothing) }) },
      ...to('a'),
    },
    [{ b: null }, { b: { a: { b: null } } }],
    [{ a: null }],
  ),
  allow(
    open({ self: { $ref: '#' }, n: whole }),
    [{}, { self: { self: {} } }, { self: { n: 1 }, n: 2 }],
    [{ n: 'x' }],
  ),
  allow({ $defs: { 'a/b~c d': text }, ...list({ $ref: '#/$defs/a~1b~0c%20d' }) }, [['x']], [[1]]),
  allow(
    closed({ first: closed({ x: whole }), second: { $ref: '#/properties/first' } }),
    [{ first: { x: 1 }, second: { x: 2 } }],
    [{ first: { x: 1 }, second: {} }],
  ),
  allow(
    { $defs: { nested: list(to('nested'), { maxItems: 2 }) }, ...to('nested') },
    [[], [[], [[]]]],
    [[[], [], []]],
  ),
  allow(
    {
      $defs: { a: { ...text, maxLength: 2 } },
      ...closed({ x: to('a'), y: { ...to('a'), description: 'Beside.' } }),
    },
    [{ x: 'ab', y: '' }],
    [{ x: 'abc', y: '' }],
  ),
];

/** As people write them. */
const everyday: readonly SchemaCase[] = [
  allow(
    closed({ location: text, unit: { enum: ['celsius', 'fahrenheit'] } }),
    [{ location: 'Paris', unit: 'celsius' }],
    [{ location: 'Paris', unit: 'kelvin' }],
  ),
  allow(closed({ steps: list(closed({ explanation: text, output: text })), final_answer: text }), [
    { steps: [{ explanation: 'a', output: 'b' }], final_answer: 'c' },
  ]),
  allow(
    closed({
      title: text,
      authors: list(text, { minItems: 1 }),
      year: { ...whole, minimum: 1450, maximum: 2100 },
      isbn: { ...text, pattern: '^\\d{13}$' },
    }),
    [{ title: 'Dune', authors: ['Herbert'], year: 1965, isbn: '9780441013593' }],
    [{ title: 'Dune', authors: [], year: 1965, isbn: '9780441013593' }],
  ),
  allow(
    closed({
      violates: yesNo,
      category: either({ enum: ['violence', 'sexual'] }, nothing),
      explanation: { type: ['string', 'null'] },
    }),
    [{ violates: false, category: null, explanation: null }],
  ),
  allow(closed({ name: text, date: { ...text, format: 'date' }, participants: list(text) }), [
    { name: 'Fair', date: '2024-07-01', participants: ['Ada', 'Bob'] },
  ]),
  allow(
    {
      $defs: {
        ui: closed({
          type: { enum: ['div', 'button'] },
          label: text,
          children: list(to('ui')),
          attributes: list(closed({ name: text, value: text })),
        }),
      },
      ...to('ui'),
    },
    [
      {
        type: 'div',
        label: '',
        children: [{ type: 'button', label: 'Go', children: [], attributes: [{ name: 'id', value: 'x' }] }],
        attributes: [],
      },
    ],
  ),
  allow(
    closed({
      sku: { ...text, pattern: '^[A-Z]{3}-\\d{4}$' },
      price: { ...real, minimum: 0, multipleOf: 0.01 },
      stock: { ...whole, minimum: 0 },
      tags: list({ ...text, maxLength: 20 }, { maxItems: 5 }),
    }),
    [{ sku: 'ABC-1234', price: 19.99, stock: 3, tags: ['new'] }],
    [{ sku: 'abc-1234', price: 1, stock: 1, tags: [] }],
  ),
  allow(
    closed({ lat: { ...real, minimum: -90, maximum: 90 }, lon: { ...real, minimum: -180, maximum: 180 } }),
    [{ lat: 48.8566, lon: 2.3522 }],
    [{ lat: 91, lon: 0 }],
  ),
  allow(
    closed({
      user: closed({
        email: { ...text, format: 'email' },
        roles: list({ enum: ['admin', 'editor'] }, { minItems: 1 }),
      }),
      active: yesNo,
    }),
    [{ user: { email: 'a@example.com', roles: ['admin'] }, active: true }],
  ),
  allow(
    closed({
      sentiment: { enum: ['positive', 'neutral', 'negative'] },
      score: { ...real, minimum: 0, maximum: 1 },
    }),
    [{ sentiment: 'positive', score: 0.93 }],
    [{ sentiment: 'happy', score: 0.5 }],
  ),
  allow(closed({ rows: list({ type: 'array', prefixItems: [text, whole], items: false, minItems: 2 }) }), [
    {
      rows: [
        ['a', 1],
        ['b', 2],
      ],
    },
  ]),
  allow(
    {
      type: 'object',
      properties: {
        query: text,
        limit: { ...whole, minimum: 1, maximum: 100, default: 10 },
        cursor: { type: ['string', 'null'] },
      },
      required: ['query'],
    },
    [{ query: 'x' }, { query: 'x', limit: 5, cursor: null }],
    [{ limit: 5 }],
  ),
  allow(
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'https://example.com/x',
      ...closed({ answer: text }),
    },
    [{ answer: 'yes' }],
  ),
  allow(
    closed({
      shape: either(
        closed({ kind: { const: 'circle' }, radius: { ...real, exclusiveMinimum: 0 } }),
        closed({ kind: { const: 'rect' }, w: real, h: real }),
      ),
    }),
    [{ shape: { kind: 'circle', radius: 1.5 } }],
    [{ shape: { kind: 'circle', radius: 0 } }],
  ),
  allow(closed({ translations: { type: 'object', additionalProperties: text } }), [
    { translations: { fr: 'oui', de: 'ja' } },
  ]),
];

/** Two of everything together, in brackets and braces. */
function combined(): SchemaCase[] {
  const parts: readonly SchemaCase[] = [
    types[2]!,
    types[3]!,
    types[5]!,
    values[0]!,
    strings[6]!,
    strings[2]!,
    numbers[2]!,
    numbers[16]!,
    formats[0]!,
    arrays[2]!,
    objects[2]!,
    unions[1]!,
  ];
  return parts.flatMap((a, i) => {
    const b = parts[(i + 5) % parts.length]!;
    const [x, y] = [a.valid[0], b.valid[0]];
    return [
      allow(
        closed({ first: a.schema, second: b.schema }),
        [{ first: x, second: y }],
        [{ first: x }, { second: y }],
      ),
      allow(
        list(either(a.schema, b.schema), { minItems: 2, maxItems: 3 }),
        [
          [x, y],
          [y, x, x],
        ],
        [[x], [x, x, x, x]],
      ),
      allow(
        { ...open({ one: a.schema }), additionalProperties: b.schema },
        [{}, { one: x }, { one: x, other: y }, { on: y }],
        [[]],
      ),
      allow(
        { $defs: { r: open({ here: a.schema, more: list(to('r'), { maxItems: 2 }) }) }, ...to('r') },
        [{}, { here: x, more: [{}, { here: x }] }],
        [{ more: [{}, {}, {}] }],
      ),
    ];
  });
}

export const SCHEMAS: readonly SchemaCase[] = [
  ...types,
  ...objects,
  ...arrays,
  ...values,
  ...strings,
  ...formats,
  ...numbers,
  ...unions,
  ...generated,
  ...references,
  ...everyday,
  ...combined(),
];
