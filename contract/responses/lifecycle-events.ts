import { z } from "zod";
import { count } from "../common/fields.ts";
import { itemEvent, obfuscation, responseEvent } from "./event-fields.ts";
import { outputItem } from "./output-items.ts";
import { response } from "./response.ts";

const whole = { response };

export const responseCreated = responseEvent("response.created", whole);
export const responseQueued = responseEvent("response.queued", whole);
export const responseInProgress = responseEvent("response.in_progress", whole);
export const responseCompleted = responseEvent("response.completed", whole);
export const responseFailed = responseEvent("response.failed", whole);
export const responseIncomplete = responseEvent("response.incomplete", whole);

/** An error inside a stream. On the wire its fields are nested under `error`, unlike in the SDK's types. */
export const errorEvent = responseEvent("error", {
  error: z.object({
    type: z.string(),
    code: z.string().nullable(),
    message: z.string(),
    param: z.string().nullable(),
  }),
});

export const outputItemAdded = responseEvent("response.output_item.added", { output_index: count, item: outputItem });
export const outputItemDone = responseEvent("response.output_item.done", { output_index: count, item: outputItem });

export const functionCallArgumentsDelta = itemEvent("response.function_call_arguments.delta", {
  delta: z.string(),
  obfuscation,
});
export const functionCallArgumentsDone = itemEvent("response.function_call_arguments.done", { arguments: z.string() });

export const customToolCallInputDelta = itemEvent("response.custom_tool_call_input.delta", {
  delta: z.string(),
  obfuscation,
});
export const customToolCallInputDone = itemEvent("response.custom_tool_call_input.done", { input: z.string() });
