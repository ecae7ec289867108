/**
 * Carries items from whoever makes them to one reader, in order. A writer that is too far ahead waits for the reader;
 * writers need no reader to be in step with.
 */
export class Outbox<Item> {
  readonly #items: Item[] = [];
  readonly #itemsMax: number;
  #end: { readonly error?: unknown } | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeWriters: (() => void)[] = [];

  /** @param itemsMax so many unread items make a writer wait. */
  constructor(itemsMax: number) {
    this.#itemsMax = itemsMax;
  }

  /** Resolves when there is room for more, or nobody reads any longer. */
  async push(item: Item): Promise<void> {
    if (this.#end !== undefined) return;
    this.#items.push(item);
    this.#wakeReader?.();
    while (this.#items.length >= this.#itemsMax && this.#end === undefined)
      await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
  }

  /** Nothing comes any more; with an error the reader gets it after the items. The first call counts. */
  end(failure: { readonly error?: unknown } = {}): void {
    this.#end ??= failure;
    this.#wakeReader?.();
    this.#wakeAllWriters();
  }

  /** All items until the end, for one reader. */
  async *read(): AsyncGenerator<Item, void> {
    try {
      for (;;) {
        const item = this.#items.shift();
        if (item !== undefined) {
          this.#wakeAllWriters();
          yield item;
        } else if (this.#end === undefined) {
          await new Promise<void>((resolve) => {
            this.#wakeReader = resolve;
          });
        } else {
          if ("error" in this.#end) throw this.#end.error;
          return;
        }
      }
    } finally {
      this.end();
    }
  }

  #wakeAllWriters(): void {
    const writers = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of writers) wake();
  }
}
