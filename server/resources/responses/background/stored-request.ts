import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import { isCompactionRequest } from "../conversation-input.ts";

/**
 * A request as it is kept for a second run: its input stands with the response, and is not kept twice, but for the item
 * that is no part of it.
 */
export function toStoredRequest({ input, ...rest }: CreateResponseBody): string {
  return JSON.stringify(isCompactionRequest({ input }) ? { ...rest, input: input?.slice(-1) } : rest);
}

/** The body of a second run. */
export function fromStoredRequest(
  request: string,
  input: readonly InputItem[],
): { readonly body: CreateResponseBody; readonly rawBody: Uint8Array } {
  const { input: trigger = [], ...rest } = JSON.parse(request) as CreateResponseBody & { input?: InputItem[] };
  const body = { ...rest, input: [...input, ...trigger] };
  return { body, rawBody: new TextEncoder().encode(JSON.stringify(body)) };
}
