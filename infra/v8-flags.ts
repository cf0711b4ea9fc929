/**
 * What V8 is told where the built server runs, in Node and in a workerd of one's own. Of its two half-spaces for what was just
 * made, each may grow to 1 MB and not to 16: a server computes in WebAssembly, makes little garbage, and takes 7 to 15 MB less.
 */
export const V8_FLAGS: readonly string[] = ['--max-semi-space-size=1'];
