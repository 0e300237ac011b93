/** How many there are of each name; names of which there are none take no memory. */
export class Tally {
  readonly #counts = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  add(name: string): void {
    this.#counts.set(name, this.of(name) + 1);
    this.#total += 1;
  }

  /** Harmless when there is none. */
  remove(name: string): void {
    const count = this.of(name);
    if (count === 0) return;
    if (count === 1) this.#counts.delete(name);
    else this.#counts.set(name, count - 1);
    this.#total -= 1;
  }

  /** Each name as often as there are of it. */
  *names(): Generator<string> {
    for (const [name, count] of this.#counts) for (let time = 0; time < count; time += 1) yield name;
  }
}
