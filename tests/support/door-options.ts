/** What a test may want of a server, whichever it is. */
export interface DoorOptions {
  readonly vars?: Readonly<Record<string, string>>;
  /** A file in the default model's place; the Worker also takes a packed folder. */
  readonly model?: string;
  /** A guard of the catalogue, and a file in its place. */
  readonly guard?: { readonly name: string; readonly path: string };
  /** The real server with recital-guard.ts in its guard's place. */
  readonly recitalGuard?: boolean;
  /** The real server with recital-engine.ts in its model's place. */
  readonly recital?: boolean;
  /** A folder of the caller's for what the server stores: opened again with it, the server has it again. */
  readonly storage?: string;
  readonly onLog?: (line: string) => void;
}
