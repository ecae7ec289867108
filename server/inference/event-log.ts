import type { ResponseEvent } from "./response-events.ts";

/** Numbers a response's events, the only place that does, and holds them until they are taken. */
export class EventLog {
  readonly #obfuscate: ((delta: string) => string) | undefined;
  #nextSequenceNumber = 0;
  #events: ResponseEvent[] = [];

  constructor(obfuscate: ((delta: string) => string) | undefined) {
    this.#obfuscate = obfuscate;
  }

  /** The number of the event that is about to be added. */
  number(): number {
    return this.#nextSequenceNumber++;
  }

  add(event: ResponseEvent): void {
    this.#events.push(event);
  }

  /** Adds an event that carries a delta, padded unless the caller of the API asked for bare ones. */
  addDelta(event: Extract<ResponseEvent, { delta: string }>): void {
    if (this.#obfuscate !== undefined) event.obfuscation = this.#obfuscate(event.delta);
    this.#events.push(event);
  }

  /** What was added since the last time. */
  take(): ResponseEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
