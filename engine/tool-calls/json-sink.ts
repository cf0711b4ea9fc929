/** Where arguments are written to, as pieces of JSON text. */
export interface JsonSink {
  /** Brackets, commas and keys: they say nothing yet of whether the rest will be a value. */
  structure(json: string): void;
  /** A value, or a piece of a string. */
  value(json: string): void;
}

/** Keeps what is written until it is known where it goes. */
export interface Capture extends JsonSink {
  replay(sink: JsonSink): void;
}

export function createCapture(): Capture {
  const pieces: (readonly ['structure' | 'value', string])[] = [];
  return {
    structure: (json) => pieces.push(['structure', json]),
    value: (json) => pieces.push(['value', json]),
    replay(sink) {
      for (const [kind, json] of pieces) sink[kind](json);
    },
  };
}

/** Text as the inside of a JSON string. A half of a surrogate pair becomes an escape. */
export function escapeJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
