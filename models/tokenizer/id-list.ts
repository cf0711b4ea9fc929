/** Token ids in a typed array that grows. */
export class IdList {
  #ids = new Uint32Array(256);
  #count = 0;

  push(id: number): void {
    if (this.#count === this.#ids.length) {
      const longer = new Uint32Array(2 * this.#count);
      longer.set(this.#ids);
      this.#ids = longer;
    }
    this.#ids[this.#count++] = id;
  }

  toArray(): Uint32Array {
    return this.#ids.slice(0, this.#count);
  }
}
