/** workerd and wrangler hand an imported .wasm over compiled. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
