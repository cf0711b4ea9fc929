/** What an emitter writes, its path below the folder that was asked for. */
export interface EmittedFile {
  readonly path: string;
  readonly text: string;
}

/** Of every file: who wrote it, in a comment of its own. */
export const HEADER = '# Written by `cria emit`: change the site and emit again.\n';
