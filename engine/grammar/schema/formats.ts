// Formats as patterns. Each allows what its standard does, within the bounds it states.

const HOUR_MINUTE = '([01]\\d|2[0-3]):[0-5]\\d';
const TIME = `${HOUR_MINUTE}:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]${HOUR_MINUTE})`;
const LEAP_YEAR = '(\\d\\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)';
const DATE =
  '(\\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|02-(0[1-9]|1\\d|2[0-8]))' +
  `|${LEAP_YEAR}-02-29)`;

const LABEL = '[a-zA-Z0-9]([a-zA-Z0-9-]{0,59}[a-zA-Z0-9])?';
const HOST = `${LABEL}(\\.${LABEL}){0,3}`;
const ATOM = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]";

const BYTE = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = `(${BYTE}\\.){3}${BYTE}`;
const GROUP = '[0-9a-fA-F]{1,4}';
const LAST_TWO = `(${GROUP}:${GROUP}|${IPV4})`;
const IPV6 = [
  `(${GROUP}:){6}${LAST_TWO}`,
  `::(${GROUP}:){5}${LAST_TWO}`,
  `(${GROUP})?::(${GROUP}:){4}${LAST_TWO}`,
  `((${GROUP}:){0,1}${GROUP})?::(${GROUP}:){3}${LAST_TWO}`,
  `((${GROUP}:){0,2}${GROUP})?::(${GROUP}:){2}${LAST_TWO}`,
  `((${GROUP}:){0,3}${GROUP})?::${GROUP}:${LAST_TWO}`,
  `((${GROUP}:){0,4}${GROUP})?::${LAST_TWO}`,
  `((${GROUP}:){0,5}${GROUP})?::${GROUP}`,
  `((${GROUP}:){0,6}${GROUP})?::`,
].join('|');

const DAYS = '(\\d{1,9}Y(\\d{1,9}M(\\d{1,9}D)?)?|\\d{1,9}M(\\d{1,9}D)?|\\d{1,9}D)';
const HOURS = '(\\d{1,9}H(\\d{1,9}M(\\d{1,9}S)?)?|\\d{1,9}M(\\d{1,9}S)?|\\d{1,9}S)';

const URI_PART = "([a-zA-Z0-9._~!$&'()*+,;=:@/-]|%[0-9a-fA-F]{2})";

/** Formats of JSON Schema, and of Ajv's collection, that are not here. What has another name says nothing. */
export const FOREIGN_FORMATS: ReadonlySet<string> = new Set([
  ...['idn-email', 'idn-hostname', 'uri-reference', 'iri', 'iri-reference', 'uri-template', 'regex'],
  ...[
    'json-pointer',
    'json-pointer-uri-fragment',
    'relative-json-pointer',
    'url',
    'iso-time',
    'iso-date-time',
  ],
  ...['byte', 'int32', 'int64', 'float', 'double', 'password', 'binary'],
]);

/** Those of OpenAI's structured outputs, and addresses of the web. */
export const FORMATS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'date-time': `${DATE}T${TIME}`, // RFC 3339, without leap seconds
    time: TIME,
    date: DATE,
    duration: `P(${DAYS}(T${HOURS})?|T${HOURS}|\\d{1,9}W)`, // RFC 3339, appendix A
    email: `${ATOM}+(\\.${ATOM}+)*@${LABEL}(\\.${LABEL}){1,3}`, // RFC 5321, without quotes and address literals
    hostname: HOST, // RFC 1123; at most 4 labels of 61 characters, so that the whole has fewer than 253
    ipv4: IPV4,
    ipv6: IPV6, // RFC 3986, section 3.2.2
    uri: `https?://${HOST}(:[1-9]\\d{0,3})?(/${URI_PART}*)?(\\?(${URI_PART}|[/?])*)?(#(${URI_PART}|[/?])*)?`, // RFC 3986, of the web
    uuid: '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}',
  }).map(([name, pattern]) => [name, `^(${pattern})$`]),
);
