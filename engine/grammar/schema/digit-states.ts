import type { AutomatonState } from '../rule.ts';

export interface DigitRange {
  /** The numbers there are, in units of 10^-places, both among them. */
  readonly bounds: (places: number) => { readonly low: bigint; readonly high: bigint };
  /** Most digits after the point. */
  readonly places: number;
  /** Most digits in all: those before the point may be as many, and leave fewer places. */
  readonly digits: number;
  /** Only multiples of so many units of 10^-places. */
  readonly step: number;
}

interface Edge {
  readonly low: number;
  high: number;
  readonly target: number;
}

/** What is known when some of a number's digits are written. */
interface Written {
  /** Digits to come, those after the point among them, if all are written. */
  readonly left: number;
  /** So far the digits are those of the lowest, or the highest, number there is. */
  readonly isLowest: boolean;
  readonly isHighest: boolean;
  readonly rest: number; // modulo step
  readonly afterPoint: boolean; // and no digit since
}

/** The numbers of one sign and one length: their digits are from those of `lowest` to those of `highest`. */
interface Span {
  readonly number: number;
  readonly lowest: string;
  readonly highest: string;
  readonly places: number;
}

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;

/**
 * The decimals of a range, digit by digit: without an exponent, a plus, or a zero too many in front; decimal places that
 * are not written are 0.
 */
export function digitStates({ bounds, places: mostPlaces, digits, step }: DigitRange): AutomatonState[] {
  const states: { isEnd: boolean; edges: Edge[] }[] = [];
  const numbers = new Map<number, number>();
  let spans = 0;
  const newState = (isEnd: boolean) => states.push({ isEnd, edges: [] }) - 1;
  const [start, minus] = [newState(false), newState(false)];
  states[start]!.edges.push({ low: MINUS, high: MINUS, target: minus });

  for (let whole = 1; whole <= digits; whole++) {
    const places = Math.min(mostPlaces, digits - whole);
    if (step > 1 && places < mostPlaces) break; // the step is one of all places
    const { low, high } = bounds(places);
    addSpan(start, whole, places, low > 0n ? low : 0n, high);
    addSpan(minus, whole, places, high < 0n ? -high : 1n, -low);
  }
  return states;

  /** The numbers from `least` to `most` with so many digits before the point. */
  function addSpan(from: number, whole: number, places: number, least: bigint, most: bigint): void {
    const first = whole === 1 ? 0n : 10n ** BigInt(whole - 1 + places);
    const last = 10n ** BigInt(whole + places) - 1n;
    const a = least > first ? least : first;
    const b = most < last ? most : last;
    if (a > b) return;
    const left = whole + places;
    const [lowest, highest] = [String(a).padStart(left, '0'), String(b).padStart(left, '0')];
    const written = { left, isLowest: true, isHighest: true, rest: 0, afterPoint: false };
    goOn({ number: ++spans, lowest, highest, places }, from, written);
  }

  /** Adds the digits that may follow to a state. */
  function goOn(span: Span, from: number, { left, isLowest, isHighest, rest }: Written): void {
    const at = span.lowest.length - left;
    const least = isLowest ? Number(span.lowest[at]) : 0;
    const most = isHighest ? Number(span.highest[at]) : 9;
    for (let digit = least; digit <= most; digit++) {
      const target = stateOf(span, {
        left: left - 1,
        isLowest: isLowest && digit === least,
        isHighest: isHighest && digit === most,
        rest: (rest * 10 + digit) % step,
        afterPoint: false,
      });
      addDigit(states[from]!.edges, digit, target);
    }
  }

  function stateOf(span: Span, written: Written): number {
    const { left, isLowest, isHighest, rest, afterPoint } = written;
    const { places } = span;
    const flags = (isLowest ? 1 : 0) + (isHighest ? 2 : 0) + (afterPoint ? 4 : 0);
    const free = (flags * 16 + places) * 16 + left; // both have fewer than 16
    const key = (free * 64 + (isLowest || isHighest ? span.number : 0)) * step + rest;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const state = newState(!afterPoint && left <= places && mayEnd(span, written));
    numbers.set(key, state);
    if (left === places && left > 0 && !afterPoint)
      states[state]!.edges.push({
        low: POINT,
        high: POINT,
        target: stateOf(span, { ...written, afterPoint: true }),
      });
    else if (left > 0) goOn(span, state, written);
    return state;
  }

  /** As if zeros followed. */
  function mayEnd({ lowest }: Span, { left, isLowest, rest }: Written): boolean {
    let scaled = rest;
    for (let i = 0; i < left; i++) scaled = (scaled * 10) % step;
    return scaled === 0 && (!isLowest || /^0*$/.test(lowest.slice(lowest.length - left)));
  }
}

function addDigit(edges: Edge[], digit: number, target: number): void {
  const last = edges.at(-1);
  if (last && last.target === target && last.high === ZERO + digit - 1) last.high++;
  else edges.push({ low: ZERO + digit, high: ZERO + digit, target });
}
