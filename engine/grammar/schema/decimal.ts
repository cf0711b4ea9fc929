/** A number as it is written: `units` of 10^-`places`. */
export interface Decimal {
  readonly units: bigint;
  readonly places: number; // 0 or more
}

/** The shortest decimal that is this double, as JSON writes it. */
export function toDecimal(value: number): Decimal {
  const [digits = '', exponent = '0'] = String(value).split('e');
  const [whole = '', fraction = ''] = digits.split('.');
  const units = BigInt(whole + fraction);
  const places = fraction.length - Number(exponent);
  return places >= 0 ? { units, places } : { units: units * 10n ** BigInt(-places), places: 0 };
}

/** In units of 10^-`places`, rounded to -Infinity. */
export function floorAt({ units, places }: Decimal, at: number): bigint {
  if (at >= places) return units * 10n ** BigInt(at - places);
  const divisor = 10n ** BigInt(places - at);
  const quotient = units / divisor;
  return units < 0n && units % divisor !== 0n ? quotient - 1n : quotient;
}

/** In units of 10^-`places`, rounded to Infinity. */
export function ceilAt({ units, places }: Decimal, at: number): bigint {
  return -floorAt({ units: -units, places }, at);
}
