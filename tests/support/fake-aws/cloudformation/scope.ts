import { AwsError, validationError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { Account } from './account.ts';
import { attributeOf } from './identifiers.ts';
import { resolve, type Scope } from './intrinsics.ts';
import { pseudoParameters, ZONES } from './pseudo-parameters.ts';
import type { Stack } from './stack.ts';
import type { Template } from './template.ts';

type Known = Pick<Account, 'spec' | 'exported'>;

/** What names come to in `template`, with the resources that `stack` has by now. Conditions are asked on the way. */
export function scopeOf(
  stack: Pick<Stack, 'name' | 'id' | 'resources' | 'imports'>,
  template: Template,
  parameters: Readonly<Record<string, Json>>,
  { spec, exported }: Known,
): Scope & { readonly condition: (name: string) => boolean } {
  const pseudo = pseudoParameters(stack.name, stack.id);

  /** Throws AwsError: a condition kept the resource away, or its own circle was not seen. */
  function standing(name: string) {
    const resource = stack.resources.get(name);
    if (!resource) throw validationError(`Unresolved resource dependencies [${name}]`);
    return resource;
  }

  const scope = {
    ref: (name: string): Json =>
      name in pseudo ? pseudo[name] : name in parameters ? parameters[name] : standing(name).physicalId,
    attribute: (name: string, attribute: string): Json => attributeOf(standing(name), attribute, spec),
    condition: (name: string): boolean => resolve(template.Conditions[name], scope) === true,
    mapping: (name: string) => template.Mappings[name]!,
    imported(name: string): string {
      const value = exported(name);
      if (value === undefined) throw new AwsError('ValidationError', `No export named ${name} found.`);
      stack.imports.add(name);
      return value;
    },
    zones: ZONES,
  };
  return scope;
}
