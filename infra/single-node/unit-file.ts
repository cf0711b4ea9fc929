/** One `Key=value` of a unit; a key may come several times. */
export type Setting = readonly [key: string, value: string | number];

/** A unit file as systemd and Quadlet read it. */
export function unitFile(sections: Readonly<Record<string, readonly Setting[]>>): string {
  return Object.entries(sections)
    .filter(([, settings]) => settings.length > 0)
    .map(([name, settings]) => `[${name}]\n${settings.map(([key, value]) => `${key}=${value}\n`).join('')}`)
    .join('\n');
}

/** A word of ExecStart= or Environment=: quoted, with systemd's specifiers and variables as plain text. */
export function quoted(text: string): string {
  const plain = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%');
  return /^[\w@:,./=+-]+$/.test(plain) ? plain : `"${plain}"`;
}

/** A command line of such words. There $ begins a variable. */
export const commandLine = (argv: readonly string[]): string =>
  argv.map((word) => quoted(word).replaceAll('$', '$$$$')).join(' ');
