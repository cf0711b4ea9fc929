/** JSON in which bytes and undefined survive. */
export function toWire(value: unknown): string {
  return JSON.stringify([value], (_, inside) =>
    inside instanceof Uint8Array
      ? { $bytes: Array.from(inside, (byte) => String.fromCharCode(byte)).join('') }
      : inside === undefined
        ? { $undefined: true }
        : inside,
  );
}

export function fromWire(text: string): unknown {
  const [value] = JSON.parse(text, (_, inside) =>
    typeof inside?.$bytes === 'string'
      ? Uint8Array.from(inside.$bytes as string, (char) => char.charCodeAt(0))
      : inside,
  );
  return revive(value);
}

/** A reviver cannot bring an undefined back: it would delete the property. */
function revive(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  if ('$undefined' in value) return undefined;
  if (Array.isArray(value)) return value.map(revive);
  return Object.fromEntries(Object.entries(value).map(([key, inside]) => [key, revive(inside)]));
}
