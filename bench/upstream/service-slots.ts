import type { Pacer } from "./pacer.ts";

/** A request's place: in a slot, or in line for one. Given back once, whether it was served or left. */
export type SlotTicket = { giveBack(): void };

type Waiting = { readonly delayMs: number; readonly begin: () => void; isInSlot: boolean };

/** A server that can do so many requests at once, each of which takes a while; the others wait in line. */
export class ServiceSlots {
  readonly #pacer: Pacer;
  readonly #slotsMax: number;
  readonly #serviceMs: number;
  readonly #line = new Set<Waiting>();
  #taken = 0;

  /** @param slotsMax Infinity serves whatever comes. */
  constructor(pacer: Pacer, slotsMax: number, serviceMs: number) {
    this.#pacer = pacer;
    this.#slotsMax = slotsMax;
    this.#serviceMs = serviceMs;
  }

  /** Calls `begin` when a slot was free and the service's time has passed. */
  take(delayMs: number, begin: () => void): SlotTicket {
    const waiting: Waiting = { delayMs, begin, isInSlot: false };
    if (this.#taken < this.#slotsMax) this.#serve(waiting);
    else this.#line.add(waiting);
    return {
      giveBack: () => {
        if (!waiting.isInSlot) this.#line.delete(waiting);
        else this.#free();
      },
    };
  }

  #serve(waiting: Waiting): void {
    this.#taken++;
    waiting.isInSlot = true;
    const waitMs = this.#serviceMs + waiting.delayMs;
    if (waitMs === 0) queueMicrotask(waiting.begin);
    else this.#pacer.after(waitMs, waiting.begin);
  }

  #free(): void {
    this.#taken--;
    const [next] = this.#line;
    if (next === undefined) return;
    this.#line.delete(next);
    this.#serve(next);
  }
}
