export type KeptAnswer = { readonly contentType: string; readonly body: Uint8Array };

export type Claim =
  | { readonly kind: "first"; readonly held: HeldKey }
  | { readonly kind: "running" }
  | { readonly kind: "other_request" }
  | { readonly kind: "done"; readonly answer: KeptAnswer }
  /** Answered, but nothing of the answer may be kept. */
  | { readonly kind: "done_unkept" };

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
  /** Keeps nothing but that there was an answer; what is left tells neither it nor the request. */
  keepUsed(held: HeldKey): Promise<void>;
  /** Gives the key up, so that a retry runs anew. */
  release(held: HeldKey): Promise<void>;
}
