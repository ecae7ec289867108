const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const secondMs = 1000;
const minuteMs = 60 * secondMs;

/** Every bound of the server, with its unit in its name and its reason beside it. */
export const defaultLimits = {
  /** Bun's own parser refuses a longer request head with 431; named here so that documents and tests can say it. */
  headerBytesMax: 16 * kibibyte,
  /** A chat of a million tokens is about 4 MiB of text; the rest is room for images sent as base64. */
  bodyBytesMax: 32 * mebibyte,
  /**
   * How long a connection may be silent before its first request is whole, between two requests, and while the head of the
   * next one comes: longer than the 60 s of the usual load balancers, so that these close first. Bun counts it in steps of
   * 4 s, takes 255 s at most, and closes a connection whose first head is not there after 10 s whatever this says.
   */
  connectionIdleMs: 2 * minuteMs,
  /** How long any request's body may take: enough for some 60 kB on the slowest of phones. */
  requestBodyMs: 30 * secondMs,
  /** A larger body has a second more for each of these that has come: what a connection of the first mobile networks carries. */
  requestBodyBytesPerSecondMin: 16 * kibibyte,
  /** Proxies and browsers close a silent connection after 30 to 60 s; a comment line twice as often keeps it open. */
  heartbeatMs: 15 * secondMs,
  /** A host that is there accepts within two retransmissions of a SYN (1 s and 3 s); beyond that it is gone. */
  upstreamConnectMs: 10 * secondMs,
  /** OpenAI's SDKs wait 10 minutes by default; a long thinking answer that is not streamed needs most of it. */
  upstreamFirstByteMs: 10 * minuteMs,
  /** How long a request waits for a place at a provider whose `concurrency` is reached: most callers try again sooner. */
  upstreamWaitMs: 2 * secondMs,
  /** The longest pause inside a stream: a model that thinks silently takes tens of seconds, a dead one for ever. */
  upstreamIdleMs: 2 * minuteMs,
  /** One event of an upstream's stream: the one that ends a Responses stream holds the whole response. */
  upstreamEventBytesMax: 16 * mebibyte,
  /** An answer that is not streamed: 2,048 embeddings of 4,096 numbers as decimal text are about 90 MiB. */
  upstreamAnswerBytesMax: 128 * mebibyte,
  /** How much of an upstream's error answer is read: enough for any error object, too little to fill the memory. */
  upstreamErrorBytesMax: 64 * kibibyte,
  /** One event of a stream: the last one of a response repeats the whole answer, so it is bound like an answer. */
  eventBytesMax: 32 * mebibyte,
  /** An answer that is not streamed: 2,048 embeddings of 3,072 numbers in decimal are about 70 MiB. */
  answerBytesMax: 128 * mebibyte,
  /** One message of a WebSocket; a larger one closes it with 1009. */
  websocketMessageBytesMax: 16 * mebibyte,
  /** How long a WebSocket may last, as at OpenAI. */
  websocketConnectionMs: 60 * minuteMs,
  /** WebSockets that one key may have open in one process: agents of one project, each with a connection of its own. */
  websocketConnectionsPerKeyMax: 200,
  /** WebSockets that are open in one process. */
  websocketConnectionsMax: 5_000,
  /** Turns of one WebSocket that run at once, as at OpenAI; others wait. */
  websocketRunningTurnsMax: 16,
  /** Distinct `stream_id`s of one WebSocket, as at OpenAI. */
  websocketStreamsMax: 32,
  /** Turns that wait on one lane of a WebSocket: who sends more than this does not wait for answers. */
  websocketQueuedTurnsMax: 16,
  /** All messages of one WebSocket whose turns wait: one of the largest size, or many small ones. */
  websocketQueuedBytesMax: 32 * mebibyte,
  /** Inputs that one running response can be given for its successor. */
  websocketSteersMax: 8,
  /** What one WebSocket remembers of responses that are not stored: the text of several contexts of a million tokens. */
  websocketMemoryBytesMax: 16 * mebibyte,
  /** How long running requests may take at a stop; after 5 s of drain, and before Kubernetes kills at 30 s. */
  shutdownGraceMs: 20 * secondMs,
  /** How long a stream can be taken up again after its last event; OpenAI gives 5 minutes. */
  resumeWindowMs: 10 * minuteMs,
  /** Background responses that one project may have under way, in all processes: each takes a connection of a model's. */
  backgroundResponsesPerProjectMax: 128,
  /** How long an Idempotency-Key belongs to a request that runs, unless that says so again: one whose process died. */
  idempotencyClaimMs: 15 * minuteMs,
  /** How often a request that runs says so: several times in each claim, so that one that fails takes nothing away. */
  idempotencyRenewMs: 3 * minuteMs,
  /** How long an Idempotency-Key is remembered, as OpenAI and Stripe do. */
  idempotencyHours: 24,
  /** How often the last uses of keys are written down: a key's `last_used_at` is behind by at most this. */
  keyUseWriteMs: 10 * secondMs,
  /** How far the journal's mark may be ahead of what was sent; a crash over-counts by at most this. */
  journalMarkTokens: 64,
  /** A segment of the usage journal is closed and folded at this size: some 120,000 requests. */
  journalSegmentBytesMax: 8 * mebibyte,
  /** All segments that wait to be folded; beyond it no request is taken, since its usage could not be written. */
  journalBytesMax: 1024 * mebibyte,
  /** Log lines that wait for a slow reader of stdout; beyond it lines are dropped and counted. */
  logBufferBytesMax: mebibyte,
} as const satisfies Record<string, number>;

export type Limits = { readonly [Name in keyof typeof defaultLimits]: number };

/** The limits with some of them replaced, for tests. */
export function limitsWith(overrides: Partial<Limits>): Limits {
  return { ...defaultLimits, ...overrides };
}
