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

const MAX_HOPS = 32;

/** The schema at the end of a chain of references; of one that ends nowhere, the last that there is. */
export function followReferences(root: unknown, schema: unknown): unknown {
  let end = schema;
  for (let hops = 0; hops < MAX_HOPS; hops++) {
    const pointer = (end as { readonly $ref?: unknown } | null)?.$ref;
    if (typeof pointer !== 'string') break;
    end = resolvePointer(root, pointer, []).schema;
  }
  return end;
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
