import { validationError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { ParameterStore } from '../ssm.ts';
import type { Template, TemplateParameter } from './template.ts';

export interface GivenParameter {
  readonly value: string | undefined;
  readonly usePrevious: boolean;
}

/**
 * The value of each parameter: given, kept from the last time, or the default; of those kept in SSM, what is there.
 *
 * Throws   AwsError naming the parameter
 */
export function parameterValues(
  { Parameters }: Template,
  given: ReadonlyMap<string, GivenParameter>,
  previous: Readonly<Record<string, Json>>,
  ssm: ParameterStore,
): Record<string, Json> {
  for (const name of given.keys())
    if (!(name in Parameters)) throw validationError(`Parameters: [${name}] do not exist in the template`);

  return Object.fromEntries(
    Object.entries(Parameters).map(([name, parameter]) => {
      const { value, usePrevious } = given.get(name) ?? { value: undefined, usePrevious: false };
      if (usePrevious && name in previous) return [name, previous[name]];
      const text = value ?? (parameter.Default === undefined ? undefined : String(parameter.Default));
      if (text === undefined) throw validationError(`Parameters: [${name}] must have values`);
      return [name, checked(name, text, parameter, ssm)];
    }),
  );
}

function checked(name: string, text: string, parameter: TemplateParameter, ssm: ParameterStore): Json {
  const { Type, AllowedValues, AllowedPattern, MinLength, MaxLength, MinValue, MaxValue } = parameter;
  if (Type.startsWith('AWS::SSM::Parameter::Value<')) {
    const value = ssm.get(text);
    if (value === undefined)
      throw validationError(`Unable to fetch parameters [${text}] from parameter store for this account.`);
    return value;
  }
  const wrong = (why: string) => validationError(`Parameter '${name}' ${why}`);
  if (AllowedValues && !AllowedValues.map(String).includes(text))
    throw wrong(`must be one of AllowedValues: ${AllowedValues.join(', ')}`);
  if (AllowedPattern !== undefined && !new RegExp(`^(?:${AllowedPattern})$`).test(text))
    throw wrong(`must match pattern ${AllowedPattern}`);
  if (text.length < (MinLength ?? 0) || text.length > (MaxLength ?? Number.POSITIVE_INFINITY))
    throw wrong(`must have ${MinLength ?? 0} to ${MaxLength ?? 'any number of'} characters`);
  if (Type === 'Number') {
    const number = Number(text);
    if (!Number.isFinite(number)) throw wrong('must be a number');
    if (number < (MinValue ?? -Infinity) || number > (MaxValue ?? Infinity))
      throw wrong(`must be from ${MinValue ?? '-∞'} to ${MaxValue ?? '∞'}`);
  }
  return Type.startsWith('List<') || Type === 'CommaDelimitedList' ? text.split(/\s*,\s*/) : text;
}
