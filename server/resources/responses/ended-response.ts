import type { StoredResponse } from "./response-store.ts";

/** What an end tells; everything else of a response was said when it was made. */
const endFields = ["status", "output", "usage", "error", "incomplete_details", "completed_at", "service_tier"] as const;

/** A response that began as we told it, and ended as its upstream tells. */
export function endedResponse(begun: StoredResponse, told: StoredResponse): StoredResponse {
  const fields = endFields.filter((field) => told[field] !== undefined);
  const response: StoredResponse = {
    ...told,
    ...begun,
    ...Object.fromEntries(fields.map((field) => [field, told[field]])),
  };
  // An upstream's clock is not the one that said when the response was made.
  if (typeof response.completed_at === "number" && response.completed_at < response.created_at) {
    Object.assign(response, { completed_at: response.created_at });
  }
  return response;
}
