import type { Socket } from "bun";
import { Outgoing } from "./outgoing.ts";
import type { Plan } from "./plan.ts";
import type { WireRequest } from "./request-parser.ts";
import type { Script } from "./script.ts";
import type { SlotTicket } from "./service-slots.ts";
import type { UpstreamParts } from "./upstream.ts";

export type AnswerOptions = {
  readonly socket: Socket<unknown>;
  readonly parts: UpstreamParts;
  readonly request: WireRequest;
  readonly plan: Plan;
  readonly isStreamed: boolean;
  readonly script: Script;
  /** Called when the connection can serve its next request. */
  readonly onReusable: () => void;
};

const endlessPiece = Buffer.from(`4000\r\n${"x".repeat(0x4000)}\r\n`);

/** One answer on its way: its steps, paced, as fast as the reader takes them, then its end and its line in the journal. */
export class RunningAnswer {
  readonly #options: AnswerOptions;
  readonly #outgoing: Outgoing;
  readonly #startedAtMs = Date.now();
  #ticket: SlotTicket | undefined;
  #nextStep = 0;
  #isOver = false;

  constructor(options: AnswerOptions) {
    this.#options = options;
    this.#outgoing = new Outgoing(options.socket);
  }

  start(): void {
    const { parts, plan } = this.#options;
    parts.begun();
    this.#ticket = parts.slots.take(plan.delayMs, () => this.#goOn());
  }

  drained(): void {
    if (this.#outgoing.drain()) this.#goOn();
  }

  /** @param isComplete whether the kernel took all of a whole answer. */
  end(isComplete: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { parts, plan, request, script, isStreamed } = this.#options;
    this.#ticket?.giveBack();
    parts.ended(this.#outgoing.tokens);
    const requestId = request.header("x-client-request-id");
    parts.journal.add({
      ...(plan.case !== undefined && { case: plan.case }),
      ...(requestId !== undefined && { requestId }),
      path: request.path,
      stream: isStreamed,
      status: script.status,
      ...(plan.fault !== undefined && { fault: plan.fault.kind }),
      bytesWritten: this.#outgoing.bodyBytes,
      tokensWritten: this.#outgoing.tokens,
      complete: isComplete,
      startedAtMs: this.#startedAtMs,
      endedAtMs: Date.now(),
    });
  }

  #goOn(): void {
    const { parts, plan, script } = this.#options;
    while (!this.#isOver && this.#outgoing.isEmpty) {
      const step = script.steps[this.#nextStep];
      if (step === undefined) {
        this.#finish();
        return;
      }
      this.#nextStep++;
      if (!this.#outgoing.write(step)) return;
      if (plan.periodMs > 0 && this.#nextStep < script.steps.length) {
        parts.pacer.after(plan.periodMs, () => this.#goOn());
        return;
      }
    }
  }

  #finish(): void {
    const { socket, script, onReusable } = this.#options;
    const { ending, isWhole } = script;
    // A silent answer is over when its reader has gone.
    if (ending === "silent") return;
    if (ending === "endless") {
      this.#goOnForEver();
      return;
    }
    this.end(isWhole);
    if (ending === "close") socket.end();
    if (ending === "reset") socket.terminate();
    if (ending === "keep") onReusable();
  }

  #goOnForEver(): void {
    const isOut = this.#outgoing.write({ wire: endlessPiece, bodyBytes: endlessPiece.byteLength, tokens: 0 });
    if (isOut) this.#options.parts.pacer.after(1, () => this.#goOn());
  }
}
