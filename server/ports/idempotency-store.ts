export type KeptAnswer = { readonly contentType: string; readonly body: Uint8Array };

export type Claim =
  | { readonly kind: "first"; readonly held: HeldKey }
  | { readonly kind: "running" }
  | { readonly kind: "other_request" }
  | { readonly kind: "done"; readonly answer: KeptAnswer }
  /** Answered, but nothing of the answer may be kept. */
  | { readonly kind: "done_unkept" }
  /** Answered by what can be had again, as `keepReplay` was told. */
  | { readonly kind: "replayable"; readonly replay: string };

export type IdempotencyId = {
  readonly organizationId: string;
  readonly projectId: string;
  readonly operationId: string;
  readonly key: string;
};

/** A key that a request holds while it runs. */
export type HeldKey = {
  readonly id: IdempotencyId;
  /** Tells this holder from one that took the key over when the claim had run out: only the last one can write. */
  readonly fence: string;
};

/** Where claims on idempotency keys are kept: per project and operation, for 24 hours. */
export interface IdempotencyStore {
  /** Exactly one of any number of simultaneous callers gets `first`. */
  claim(id: IdempotencyId, requestHash: Uint8Array): Promise<Claim>;
  keep(held: HeldKey, answer: KeptAnswer): Promise<void>;
  /** Keeps not the answer, but by what it can be had again; an answer may still be kept instead. */
  keepReplay(held: HeldKey, replay: string): Promise<void>;
  /** Keeps nothing but that there was an answer; what is left tells neither it nor the request. */
  keepUsed(held: HeldKey): Promise<void>;
  /** Says that these requests still run, so that nobody takes their keys over; a key that was taken over stays so. */
  renew(held: readonly HeldKey[]): Promise<void>;
  /** Gives the key up, so that a retry runs anew. */
  release(held: HeldKey): Promise<void>;
}
