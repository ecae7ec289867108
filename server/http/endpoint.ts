import type {
  AnswerOf,
  BodyOf,
  ManagementScope,
  OperationDefinition,
  OperatorScope,
  ParamsOf,
  PublicScope,
  QueryOf,
} from "@headrace/contract/common/operation.ts";
import type { AdminPrincipal, OperatorPrincipal, Principal, ProjectPrincipal } from "../ports/principal.ts";
import type { RequestContext } from "./request-context.ts";

/** How a streamed body ended: whole, with an error that the stream itself told, or because nobody read on. */
export type StreamOutcome = "completed" | "failed" | "client_left";

/** A body that is sent as it is made. `finished` never rejects. */
export type StreamedBody = { readonly stream: ReadableStream<Uint8Array>; readonly finished: Promise<StreamOutcome> };

/** Whole events, one after the other; the generator returns how the stream ended. */
export type EventFrames = AsyncGenerator<Uint8Array | string, StreamOutcome, undefined>;

/** What a handler gives back: an object, or a body that was made elsewhere. */
export type Reply<Answer> =
  | { readonly kind: "json"; readonly value: Answer }
  | { readonly kind: "bytes"; readonly contentType: string; readonly body: Uint8Array }
  | {
      readonly kind: "stream";
      readonly contentType: string;
      readonly body: StreamedBody;
      /** By what the operation can give the same stream again, where that goes on without its caller. */
      readonly replay?: string;
    };

/** Who may run an operation: its scope says whether it is the operator's, an organization's, a project's or anybody's. */
export type PrincipalOf<Op extends OperationDefinition> = Op["scope"] extends ManagementScope
  ? AdminPrincipal
  : Op["scope"] extends OperatorScope
    ? OperatorPrincipal
    : Op["scope"] extends PublicScope
      ? undefined
      : ProjectPrincipal;

export type EndpointInput<Op extends OperationDefinition> = {
  readonly params: ParamsOf<Op>;
  readonly query: QueryOf<Op>;
  readonly body: BodyOf<Op>;
  /** The body as it was sent: valid UTF-8 and valid JSON of the operation's schema. Empty where there is none. */
  readonly rawBody: Uint8Array;
  readonly principal: PrincipalOf<Op>;
  readonly context: RequestContext;
};

export type Handler<Op extends OperationDefinition> = (input: EndpointInput<Op>) => Promise<Reply<AnswerOf<Op>>>;

/** An endpoint's input, its types forgotten: the pipeline has checked them at the edge. */
export type CheckedInput = {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly rawBody: Uint8Array;
  /** Undefined where anybody may ask. */
  readonly principal: Principal | undefined;
  readonly context: RequestContext;
};

/** An operation and what answers it. */
export type Endpoint = {
  readonly operation: OperationDefinition;
  readonly handle: (input: CheckedInput) => Promise<Reply<unknown>>;
  /** Gives a stream again that told `replay`. */
  readonly replay?: ((from: string, input: CheckedInput) => Promise<Reply<unknown>>) | undefined;
};

/** Binds a handler to its operation; the handler's input and answer have the contract's types. */
export function endpoint<Op extends OperationDefinition>(
  operation: Op,
  handle: Handler<Op>,
  replay?: (from: string, input: EndpointInput<Op>) => Promise<Reply<AnswerOf<Op>>>,
): Endpoint {
  return {
    operation,
    handle: handle as unknown as Endpoint["handle"],
    replay: replay as unknown as Endpoint["replay"],
  };
}

export function json<Answer>(value: Answer): Reply<Answer> {
  return { kind: "json", value };
}
