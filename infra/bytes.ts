const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** `16GiB`, `24 GB` or `500MB` in bytes; undefined where it is nothing of the kind. */
export function parseBytes(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([KMGT]i?B|B)$/.exec(text) ?? [];
  return number === undefined ? undefined : Math.round(Number(number) * UNITS[unit!]!);
}

/** Memory, for people: `1.9 GiB`, `310 MiB`. */
export function memoryText(bytes: number): string {
  if (bytes === 0) return '0';
  return bytes >= 2 ** 30
    ? `${(bytes / 2 ** 30).toFixed(1)} GiB`
    : `${Math.max(1, Math.round(bytes / 2 ** 20))} MiB`;
}
