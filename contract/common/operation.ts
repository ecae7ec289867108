import type { z } from "zod";
import type { ErrorCode } from "./errors.ts";

export type HttpMethod = "GET" | "POST" | "DELETE";

/** What a project's key may be allowed to do. The names are OpenAI's own. */
export type ProjectScope = "api.model.read" | "api.model.request" | "api.responses.read" | "api.responses.write";

/** What a project's key can be restricted to; `api.all.read` is every scope that reads. */
export type KeyScope = ProjectScope | "api.all.read";

/** What an organization's admin key may do: the Admin API. The names are OpenAI's own. */
export type ManagementScope = "api.management.read" | "api.management.write";

/** What an operator's key may do: run the installation. OpenAI has no such principal. */
export type OperatorScope = "headrace.operate";

/** What a key must be allowed to do before an operation runs. An operation without a scope does not compile. */
export type Scope = ProjectScope | ManagementScope | OperatorScope;

/** What anybody may do, without a key. Such an operation says how much it reads of a stranger, or it does not compile. */
export type PublicScope = "public";

/** Tokens of one answer, as every meter of the platform counts them. */
export type TokenUsage = {
  readonly inputTokens: number;
  /** The part of `inputTokens` that was read from a cache. */
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  /** The part of `outputTokens` that the model spent on thinking. */
  readonly reasoningTokens: number;
};

/** What admission has to know of a request before it runs. */
export type LimitClaim = {
  /** Tokens that the answer may hold at most, if the caller said so. */
  readonly outputTokensMax: number | undefined;
};

export type OperationDefinition = OperationParts & OperationAccess;

type OperationAccess =
  | { readonly scope: Scope; readonly bodyBytesMax?: undefined }
  | { readonly scope: PublicScope; readonly bodyBytesMax: number };

type OperationParts = {
  /** OpenAI's operationId, for instance `createChatCompletion`. */
  readonly id: string;
  readonly method: HttpMethod;
  /** The whole path, for instance `/v1/models/{model}`. */
  readonly path: `/${string}`;
  readonly tag: string;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Set where a request without any body means an empty object. */
  readonly isBodyOptional?: true;
  readonly response: z.ZodType;
  /** Set where the operation can answer with server-sent events: when the body or the query says `stream: true`. */
  readonly stream?: {
    readonly event: z.ZodType;
    /** Chat Completions sends `data:` lines and `[DONE]`; Responses names each event and sends no `[DONE]`. */
    readonly framing: "data-lines" | "named-events";
    /** The member of an event that carries content; `delta` where this says nothing. */
    readonly contentMember?: "text";
  };
  /** Set where the answer shows a secret that is kept nowhere, so that no retry can be given it again. */
  readonly answersOnce?: true;
  /** Set where the path also takes a WebSocket, for keys with the same scope: what is said on it, a message for each event. */
  readonly socket?: { readonly clientEvent: z.ZodType; readonly serverEvent: z.ZodType; readonly summary: string };
  /** Codes that this operation answers with besides those that every operation can answer with. */
  readonly errors: readonly ErrorCode[];
  /** Reads the tokens out of a final object (or a stream's last event); undefined where it carries none. */
  readonly usageOf?: (answer: unknown) => TokenUsage | undefined;
  readonly limitsOf?: (body: never) => LimitClaim;
};

/** Gives an operation its exact type. Plain objects, no chaining: tsc stays fast with hundreds of them. */
export function operation<const Definition extends OperationDefinition>(definition: Definition): Definition {
  return definition;
}

/** Whether an `Idempotency-Key` is served: on what an organization's or a project's key may change. */
export function takesIdempotencyKey({ method, scope }: OperationDefinition): boolean {
  return method === "POST" && scope !== "public" && scope !== "headrace.operate";
}

type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

export type ParamsOf<Op extends OperationDefinition> = Output<Op["params"]>;
export type QueryOf<Op extends OperationDefinition> = Output<Op["query"]>;
export type BodyOf<Op extends OperationDefinition> = Output<Op["body"]>;
export type AnswerOf<Op extends OperationDefinition> = z.input<Op["response"]>;
