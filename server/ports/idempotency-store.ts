export type KeptAnswer = { readonly contentType: string; readonly body: Uint8Array };

export type Claim =
  | { readonly kind: "first" }
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

/** Where claims on idempotency keys are kept: per project and operation, for 24 hours. */
export interface IdempotencyStore {
  /** Exactly one of any number of simultaneous callers gets `first`. */
  claim(id: IdempotencyId, requestHash: Uint8Array): Promise<Claim>;
  keep(id: IdempotencyId, answer: KeptAnswer): Promise<void>;
  /** Keeps nothing but that there was an answer; what is left tells neither it nor the request. */
  keepUsed(id: IdempotencyId): Promise<void>;
  /** Gives the key up, so that a retry runs anew. */
  release(id: IdempotencyId): Promise<void>;
}
