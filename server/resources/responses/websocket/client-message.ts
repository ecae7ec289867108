import { ApiError } from "@headrace/contract/common/errors.ts";
import { parseRequest } from "@headrace/contract/common/validation.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import { responseCreateEvent, streamId as streamIdSchema } from "@headrace/contract/responses/socket-events.ts";
import { patchJson } from "../../../gateway/patch-json.ts";
import { parseJson } from "../../../http/read-body.ts";

const clientEventTypes = ["response.create", "response.steer"] as const;

/** A message whose kind and lane are known; the rest of it is checked when its turn comes. */
export type ClientMessage = {
  readonly type: (typeof clientEventTypes)[number];
  readonly streamId: string | undefined;
  readonly bytes: Uint8Array;
  readonly value: Readonly<Record<string, unknown>>;
};

/** What a `response.create` asks for. */
export type CreateRequest = {
  readonly body: CreateResponseBody;
  /** The same as `POST /v1/responses` would have got it, to be streamed. */
  readonly rawBody: Uint8Array;
  /** False: only prepare it. */
  readonly generate: boolean;
};

/** @throws ApiError `invalid_json`, `invalid_type`, `invalid_stream_id`, or about the parameter `type`. */
export function readMessage(text: string): ClientMessage {
  const bytes = new TextEncoder().encode(text);
  const value = parseJson(bytes);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ApiError("invalid_type", "Each message must be one JSON object, a client event with its 'type'.");
  }
  const fields = value as Record<string, unknown>;
  return { type: readType(fields.type), streamId: readStreamId(fields.stream_id), bytes, value: fields };
}

function readType(type: unknown): ClientMessage["type"] {
  const known = clientEventTypes.find((candidate) => candidate === type);
  if (known !== undefined) return known;
  if (type === undefined) {
    throw new ApiError("missing_required_parameter", "Missing required parameter: 'type'.", { param: "type" });
  }
  throw new ApiError(
    "invalid_value",
    `Unknown client event. The supported values of 'type' are: 'response.create' and 'response.steer'.`,
    { param: "type" },
  );
}

/** The words are OpenAI's. */
function readStreamId(given: unknown): string | undefined {
  if (given === undefined) return undefined;
  const { success, data } = streamIdSchema.safeParse(given);
  if (success) return data;
  throw new ApiError(
    "invalid_stream_id",
    "The 'stream_id' field must be a non-empty string with at most 256 characters and may only contain letters, numbers, underscores, hyphens, and periods.",
    { param: "stream_id" },
  );
}

/** @throws ApiError as `POST /v1/responses` does for its body, and for what a connection has no use for. */
export function readCreateRequest({ bytes, value }: ClientMessage): CreateRequest {
  const { type: _, stream_id: __, generate = true, ...body } = parseRequest(responseCreateEvent, value);
  if (body.background === true) {
    throw new ApiError(
      "unsupported_parameter",
      "Responses over WebSocket do not run in the background. Leave out 'background', or use POST /v1/responses.",
      { param: "background" },
    );
  }
  if (body.stream === false) {
    throw new ApiError("unsupported_value", "Responses over WebSocket are always streamed. Leave out 'stream'.", {
      param: "stream",
    });
  }
  const rawBody = patchJson(bytes, { type: undefined, stream_id: undefined, generate: undefined, stream: true });
  return { body: { ...body, stream: true }, rawBody, generate };
}
