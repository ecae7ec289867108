import { createHash } from "node:crypto";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { OperationDefinition } from "@headrace/contract/common/operation.ts";
import { mayKeepContent } from "../access/keeps-content.ts";
import type { HeldKey, IdempotencyId, IdempotencyStore, KeptAnswer } from "../ports/idempotency-store.ts";
import { afterStream } from "./after-stream.ts";
import type { CheckedInput, Reply, StreamedBody } from "./endpoint.ts";

/** Answers larger than this are not kept for a retry; the retry then runs anew. In bytes. */
const keptAnswerBytesMax = 4 * 1024 * 1024;
const keyLengthMax = 255;

/** A claim that this request holds, and whether its answer may be kept. */
type HeldClaim = { readonly held: HeldKey; readonly keepsContent: boolean };

/**
 * `Idempotency-Key` on creating POSTs: the same key and body give the same answer, made once. Failed requests are not
 * kept: their retry runs anew. Where an answer must not be kept (under zero data retention, or because it shows a secret)
 * the operation still runs once, but its answer is given once too.
 */
export class IdempotencyGuard {
  readonly #store: IdempotencyStore;
  readonly #report: (error: unknown) => void;
  /** The claims of this process's requests that run. */
  readonly #running = new Set<HeldKey>();

  constructor(store: IdempotencyStore, report: (error: unknown) => void) {
    this.#store = store;
    this.#report = report;
  }

  /** Holds the keys of all requests that run, however long they take; to be called again and again. */
  async renewClaims(): Promise<void> {
    if (this.#running.size > 0) await this.#store.renew([...this.#running]);
  }

  /** @param replay answers again by what a stream's answer told. */
  run(
    headers: Headers,
    operation: OperationDefinition,
    input: CheckedInput,
    handle: () => Promise<Reply<unknown>>,
    replay?: (from: string) => Promise<Reply<unknown>>,
  ): Promise<Reply<unknown>> {
    const key = headers.get("idempotency-key");
    if (key === null || operation.method !== "POST") return handle();
    return this.#runOnce(key, operation, input, handle, replay);
  }

  async #runOnce(
    key: string,
    operation: OperationDefinition,
    input: CheckedInput,
    handle: () => Promise<Reply<unknown>>,
    replay: ((from: string) => Promise<Reply<unknown>>) | undefined,
  ): Promise<Reply<unknown>> {
    if (key.length === 0 || key.length > keyLengthMax) {
      throw new ApiError("invalid_header", `The Idempotency-Key header must have 1 to ${keyLengthMax} characters.`);
    }
    const { principal } = input;
    if (principal === undefined || principal.kind === "operator") {
      const whose = principal === undefined ? "operations without a key" : "the operator's operations";
      throw new ApiError("invalid_header", `Idempotency-Key is not served on ${whose}. Leave it out.`);
    }
    const id: IdempotencyId = {
      organizationId: principal.organizationId,
      // An organization's own operations belong to no project: its id stands in for one.
      projectId: "projectId" in principal ? principal.projectId : principal.organizationId,
      operationId: operation.id,
      key,
    };
    const claim = await this.#store.claim(id, hashOf(input));
    switch (claim.kind) {
      case "done":
        return { kind: "bytes", contentType: claim.answer.contentType, body: claim.answer.body };
      case "done_unkept":
        throw new ApiError(
          "idempotency_answer_not_kept",
          "A request with this Idempotency-Key was answered, and the answer is not kept: it showed a secret, or the project " +
            "is under zero data retention. Use a new key to run it again.",
        );
      case "replayable":
        if (replay === undefined) throw new Error(`${operation.id} can't be answered again.`);
        return replay(claim.replay);
      case "running":
        throw new ApiError(
          "idempotency_key_in_use",
          "A request with this Idempotency-Key is still running. Wait for its answer, then retry.",
          { retryAfterSeconds: 1 },
        );
      case "other_request":
        throw new ApiError(
          "idempotency_key_reused",
          "This Idempotency-Key was used with a different body. Use a new key for a new request.",
        );
      case "first":
        return this.#runFirst(
          { held: claim.held, keepsContent: operation.answersOnce !== true && mayKeepContent(principal) },
          handle,
        );
    }
  }

  async #runFirst(claim: HeldClaim, handle: () => Promise<Reply<unknown>>): Promise<Reply<unknown>> {
    const { held } = claim;
    this.#running.add(held);
    let reply: Reply<unknown>;
    try {
      reply = await handle();
    } catch (error) {
      await this.#end(held, this.#store.release(held));
      throw error;
    }
    switch (reply.kind) {
      case "stream":
        // It goes on without its caller: whoever asks again gets the same one.
        if (reply.replay !== undefined) await this.#end(held, this.#store.keepReplay(held, reply.replay));
        return { ...reply, body: this.#recorded(claim, reply) };
      case "bytes":
        await this.#settle(claim, reply);
        return reply;
      case "json": {
        const body = new TextEncoder().encode(JSON.stringify(reply.value));
        const contentType = "application/json; charset=utf-8";
        await this.#settle(claim, { contentType, body });
        return { kind: "bytes", contentType, body };
      }
    }
  }

  /** Keeps an answer for a retry where it can be kept, else gives the key up; whoever asked gets it in any case. */
  async #settle({ held, keepsContent }: HeldClaim, answer: KeptAnswer | undefined): Promise<void> {
    const keep = (kept: KeptAnswer): Promise<void> => {
      if (!keepsContent) return this.#store.keepUsed(held);
      return kept.body.byteLength <= keptAnswerBytesMax ? this.#store.keep(held, kept) : this.#store.release(held);
    };
    await this.#end(held, answer === undefined ? this.#store.release(held) : keep(answer));
  }

  async #end(held: HeldKey, written: Promise<void>): Promise<void> {
    this.#running.delete(held);
    await written.catch(this.#report);
  }

  /** Passes a stream on and keeps a copy; a stream that did not end whole, or grew too large, gives its key up. */
  #recorded(
    claim: HeldClaim,
    { contentType, body, replay }: Extract<Reply<unknown>, { kind: "stream" }>,
  ): StreamedBody {
    let pieces: Uint8Array[] | undefined = [];
    let bytes = 0;
    return afterStream(
      body,
      async (outcome) => {
        const isWhole = outcome === "completed" && pieces !== undefined;
        if (!isWhole && replay !== undefined) return;
        // Who has seen the end may retry at once, and has to find the answer.
        await this.#settle(claim, isWhole ? { contentType, body: Buffer.concat(pieces ?? []) } : undefined);
      },
      (piece) => {
        if (!claim.keepsContent) return;
        bytes += piece.byteLength;
        if (bytes > keptAnswerBytesMax) pieces = undefined;
        pieces?.push(new Uint8Array(piece));
      },
    );
  }
}

/** Everything that the caller asked for: the ids in the path and the query belong to it, not only the body. */
function hashOf({ params, query, rawBody }: CheckedInput): Uint8Array {
  return createHash("sha256")
    .update(JSON.stringify([params ?? null, query ?? null]))
    .update(rawBody)
    .digest();
}
