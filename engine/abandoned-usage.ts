import type { EngineUsage } from "./protocol.ts";

const keptMax = 1000;

/** What the latest requests had cost when their client left, by request id. */
export class AbandonedUsage {
  readonly #byRequest = new Map<string, EngineUsage>();

  /** Called at the end of every request; keeps those whose client is gone. */
  note(request: Request, usage: EngineUsage): void {
    const id = request.headers.get("x-request-id");
    if (id === null || !request.signal.aborted) return;
    this.#byRequest.set(id, usage);
    const [oldest] = this.#byRequest.keys();
    if (this.#byRequest.size > keptMax && oldest !== undefined) this.#byRequest.delete(oldest);
  }

  find(requestId: string): EngineUsage | undefined {
    return this.#byRequest.get(requestId);
  }
}
