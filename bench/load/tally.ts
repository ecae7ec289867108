import { quantileOf } from "../figure.ts";
import type { LoadResult, Quantiles } from "./job.ts";

/** Counts what happens in the measured window. */
export class Tally {
  readonly #statuses: Record<string, number> = {};
  readonly #latencies: number[] = [];
  readonly #firstBytes: number[] = [];
  readonly #refusals: number[] = [];
  #refusalsWithRetryAfter = 0;
  #events = 0;
  #broken = 0;
  isOpen = false;

  events(count: number): void {
    if (this.isOpen) this.#events += count;
  }

  broken(): void {
    if (this.isOpen) this.#broken++;
  }

  firstByte(ms: number): void {
    if (this.isOpen) this.#firstBytes.push(ms);
  }

  answer(status: number, hasRetryAfter: boolean, latencyMs: number): void {
    if (!this.isOpen) return;
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    if (status === 200) {
      this.#latencies.push(latencyMs);
      return;
    }
    this.#refusals.push(latencyMs);
    if (hasRetryAfter) this.#refusalsWithRetryAfter++;
  }

  result(): Omit<LoadResult, "seconds" | "cpu" | "otherCores" | "residentMb"> {
    return {
      statuses: this.#statuses,
      events: this.#events,
      broken: this.#broken,
      latency: quantiles(this.#latencies),
      firstByte: quantiles(this.#firstBytes),
      refusal: quantiles(this.#refusals),
      refusalsWithRetryAfter: this.#refusalsWithRetryAfter,
    };
  }
}

function quantiles(values: number[]): Quantiles | undefined {
  if (values.length === 0) return undefined;
  return { p50: quantileOf(values, 0.5), p99: quantileOf(values, 0.99), most: quantileOf(values, 1) };
}
