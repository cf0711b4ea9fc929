import { intrinsic } from '../../support/fake-aws/cloudformation/intrinsics.ts';
import { isObject, type Json, type JsonObject } from '../../support/fake-aws/json.ts';

/** Every part that the CDK takes an ARN apart for. */
const elsewhere = (id: string): string => `arn:aws:elsewhere:us-east-1:000000000000:a/b/${id}/d:e-f-g`;

/** The resources of some types alone. What they mention of the others stands there as an ARN of nothing. */
export function partOfTemplate(template: JsonObject, types: ReadonlySet<string>): JsonObject {
  const all = template.Resources as Readonly<Record<string, JsonObject>>;
  const kept = Object.entries(all).filter(([, { Type }]) => types.has(String(Type)));
  const ids = new Set(kept.map(([id]) => id));

  function cut(value: Json): Json {
    if (Array.isArray(value)) return value.map(cut);
    if (!isObject(value)) return value;
    const call = intrinsic(value);
    const of =
      call && (call.name === 'Ref' || call.name === 'Fn::GetAtt') ? [call.argument].flat()[0] : undefined;
    if (typeof of === 'string' && of in all && !ids.has(of)) return elsewhere(of);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cut(inner)]));
  }

  const { Parameters } = template;
  const resources = kept.map(([id, { Type, Properties }]) => [id, { Type, Properties: cut(Properties) }]);
  return { ...(Parameters === undefined ? {} : { Parameters }), Resources: Object.fromEntries(resources) };
}
