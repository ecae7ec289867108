import { z } from "zod";
import { count, objectId } from "../common/fields.ts";
import { operation } from "../common/operation.ts";
import { responseStreamEvent } from "./events.ts";
import { include } from "./request.ts";
import { response } from "./response.ts";

const params = z.strictObject({ response_id: objectId });

export const retrieveResponseQuery = z.strictObject({
  include: include.optional(),
  include_obfuscation: z.boolean().optional(),
  /** The sequence number after which to go on with the stream. */
  starting_after: count.optional(),
  stream: z.boolean().optional(),
});

export type RetrieveResponseQuery = z.output<typeof retrieveResponseQuery>;

export const retrieveResponse = operation({
  id: "retrieveResponse",
  method: "GET",
  path: "/v1/responses/{response_id}",
  tag: "Responses",
  summary: "Returns a stored response.",
  scope: "api.responses.read",
  params,
  query: retrieveResponseQuery,
  response,
  stream: { event: responseStreamEvent, framing: "named-events" },
  errors: ["not_found", "invalid_value"],
});

export const cancelResponse = operation({
  id: "cancelResponse",
  method: "POST",
  path: "/v1/responses/{response_id}/cancel",
  tag: "Responses",
  summary: "Cancels a response that was created with `background: true` and has not ended.",
  scope: "api.responses.write",
  params,
  response,
  errors: ["not_found", "invalid_value"],
});

/** What OpenAI answers, although the SDK's type is void. */
export const responseDeleted = z
  .object({ id: z.string(), object: z.literal("response"), deleted: z.literal(true) })
  .meta({ id: "ResponseDeleted" });

export type ResponseDeleted = z.output<typeof responseDeleted>;

export const deleteResponse = operation({
  id: "deleteResponse",
  method: "DELETE",
  path: "/v1/responses/{response_id}",
  tag: "Responses",
  summary: "Deletes a stored response.",
  scope: "api.responses.write",
  params,
  response: responseDeleted,
  errors: ["not_found", "invalid_value"],
});
