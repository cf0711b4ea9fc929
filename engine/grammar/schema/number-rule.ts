import { SchemaError } from '../../errors.ts';
import type { JsonRules } from '../json-rules.ts';
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
const MAX_PLACES = 10; // or as many as the bounds have
const MAX_STEP = 1000;

/**
 * The numbers within bounds, as decimals without an exponent. The bounds hold exactly. `spend` is told how many states
 * that takes, and may throw.
 *
 * Throws   SchemaError when `multipleOf` is not supported, or no number of 15 digits meets the bounds
 */
export function numberRule(rules: JsonRules, bounds: NumberBounds, spend: (states: number) => void): Rule {
  const { isInteger, ...limits } = bounds;
  if (!isInteger && Object.values(limits).every((limit) => limit === undefined)) return rules.number;

  const multiple = bounds.multipleOf === undefined ? undefined : toDecimal(bounds.multipleOf);
  const places = isInteger ? 0 : (multiple?.places ?? placesOf(bounds));
  if (places >= MAX_DIGITS)
    throw new SchemaError(['multipleOf'], `has more than ${MAX_DIGITS - 1} decimal places`);

  const states = digitStates({
    bounds: (at) => unitBounds(bounds, at),
    places,
    digits: MAX_DIGITS,
    step: multiple ? stepAt(multiple, places) : 1,
  });
  if (!states.some(({ isEnd }) => isEnd))
    throw new SchemaError(
      [],
      `allows no number that is written with ${MAX_DIGITS} digits, ${places} of them decimal`,
    );
  spend(states.length);
  return automaton(states);
}

/** The lowest and the highest number, in units of 10^-places. */
function unitBounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: NumberBounds, places: number) {
  const lows = [-(10n ** BigInt(MAX_DIGITS))];
  const highs = [10n ** BigInt(MAX_DIGITS)];
  if (minimum !== undefined) lows.push(ceilAt(toDecimal(minimum), places));
  if (exclusiveMinimum !== undefined) lows.push(floorAt(toDecimal(exclusiveMinimum), places) + 1n);
  if (maximum !== undefined) highs.push(floorAt(toDecimal(maximum), places));
  if (exclusiveMaximum !== undefined) highs.push(ceilAt(toDecimal(exclusiveMaximum), places) - 1n);
  const ascending = (a: bigint, b: bigint) => (a < b ? -1 : 1);
  return { low: lows.sort(ascending).at(-1)!, high: highs.sort(ascending)[0]! };
}

function placesOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: NumberBounds): number {
  const given = [minimum, maximum, exclusiveMinimum, exclusiveMaximum].filter((bound) => bound !== undefined);
  return Math.min(MAX_DIGITS - 1, Math.max(MAX_PLACES, ...given.map((bound) => toDecimal(bound).places)));
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
