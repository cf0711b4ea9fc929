import { SchemaError } from '../../errors.ts';
import { automaton, type Rule } from '../rule.ts';
import { ceilAt, type Decimal, floorAt, toDecimal } from './decimal.ts';
import { digitStates } from './digit-states.ts';

export interface NumberBounds {
  readonly isInteger: boolean;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly exclusiveMaximum?: number | undefined;
  readonly multipleOf?: number | undefined;
}

/**
 * Digits in all. A double tells any two decimals of so many digits apart, so that what holds of the digits holds of the
 * number that a reader makes of them.
 */
const MAX_DIGITS = 15;
const FREE_WHOLE_DIGITS = 9; // where a side has no bound and there may be a fraction
const FREE_PLACES = 10;
const MAX_STEP = 1000;

/**
 * The numbers within bounds, as decimals without an exponent. The bounds hold exactly.
 *
 * Throws   SchemaError when `multipleOf` is not supported, or no number of 15 digits meets the bounds
 */
export function numberRule(bounds: NumberBounds): Rule {
  const { isInteger, multipleOf } = bounds;
  const multiple = multipleOf === undefined ? undefined : toDecimal(multipleOf);
  const places = isInteger ? 0 : (multiple?.places ?? placesOf(bounds));
  if (places >= MAX_DIGITS)
    throw new SchemaError(['multipleOf'], `has more than ${MAX_DIGITS - 1} decimal places`);

  const most = 10n ** BigInt(MAX_DIGITS) - 1n;
  const low = largest([
    -most,
    bounds.minimum !== undefined ? ceilAt(toDecimal(bounds.minimum), places) : undefined,
    bounds.exclusiveMinimum !== undefined
      ? floorAt(toDecimal(bounds.exclusiveMinimum), places) + 1n
      : undefined,
  ]);
  const high = -largest([
    -most,
    bounds.maximum !== undefined ? -floorAt(toDecimal(bounds.maximum), places) : undefined,
    bounds.exclusiveMaximum !== undefined
      ? 1n - ceilAt(toDecimal(bounds.exclusiveMaximum), places)
      : undefined,
  ]);
  const states = digitStates({ low, high, places, step: multiple ? stepAt(multiple, places) : 1 });
  if (!states.some(({ isEnd }) => isEnd))
    throw new SchemaError(
      [],
      `allows no number that is written with ${MAX_DIGITS} digits, ${places} of them decimal`,
    );
  return automaton(states);
}

/** Decimal places that leave room for the digits before the point. */
function placesOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: NumberBounds): number {
  const given = [minimum, maximum, exclusiveMinimum, exclusiveMaximum].filter((bound) => bound !== undefined);
  const isOpen =
    (minimum === undefined && exclusiveMinimum === undefined) ||
    (maximum === undefined && exclusiveMaximum === undefined);
  const digits = given.map((bound) => String(floorAt(toDecimal(Math.abs(bound)), 0)).length);
  const whole = Math.max(isOpen ? FREE_WHOLE_DIGITS : 1, ...digits);
  const wanted = Math.max(FREE_PLACES, ...given.map((bound) => toDecimal(bound).places));
  return Math.max(0, Math.min(wanted, MAX_DIGITS - whole));
}

/** `multipleOf` in units of 10^-places: a number is a multiple when its units are one of this. */
function stepAt({ units, places }: Decimal, at: number): number {
  const scale = 10n ** BigInt(Math.max(0, places - at)); // an integer that is a multiple of 0.4 is one of 2
  const step = (units * 10n ** BigInt(Math.max(0, at - places))) / commonDivisor(units, scale);
  if (step > MAX_STEP)
    throw new SchemaError(
      ['multipleOf'],
      `has more than ${MAX_STEP} steps to a unit of its last decimal place`,
    );
  return Number(step);
}

function commonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : commonDivisor(b, a % b);
}

function largest(values: readonly (bigint | undefined)[]): bigint {
  return values.filter((value) => value !== undefined).sort((a, b) => (a < b ? 1 : -1))[0]!;
}
