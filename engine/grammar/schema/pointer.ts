import { SchemaError } from '../../errors.ts';
import type { Path } from './keywords.ts';

/**
 * What a `$ref` within the same schema points at.
 *
 * Source   RFC 6901, as a URI fragment
 * Throws   SchemaError
 */
export function resolvePointer(root: unknown, pointer: string, path: Path): { schema: unknown; path: Path } {
  if (pointer !== '#' && !pointer.startsWith('#/'))
    throw new SchemaError(
      path,
      `${JSON.stringify(pointer)} is not supported: only references within the schema, "#/…", are`,
    );
  const parts = pointer.slice(2).split('/').map(decode);
  let schema = root;
  for (const part of pointer === '#' ? [] : parts) {
    if (typeof schema !== 'object' || schema === null || !Object.hasOwn(schema, part))
      throw new SchemaError(path, `${JSON.stringify(pointer)} leads nowhere`);
    schema = (schema as Readonly<Record<string, unknown>>)[part];
  }
  return { schema, path: pointer === '#' ? [] : parts };
}

function decode(part: string): string {
  return percentDecoded(part).replaceAll('~1', '/').replaceAll('~0', '~');
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
