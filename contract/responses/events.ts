import { z } from "zod";
import { recognisedEvent } from "./event-fields.ts";
import * as lifecycle from "./lifecycle-events.ts";
import * as text from "./text-events.ts";

/** Every event that a streamed response can hold; each has a type and a sequence number. */
export const responseStreamEvent = z
  .discriminatedUnion("type", [
    lifecycle.responseCreated,
    lifecycle.responseQueued,
    lifecycle.responseInProgress,
    lifecycle.responseCompleted,
    lifecycle.responseFailed,
    lifecycle.responseIncomplete,
    lifecycle.errorEvent,
    lifecycle.outputItemAdded,
    lifecycle.outputItemDone,
    lifecycle.functionCallArgumentsDelta,
    lifecycle.functionCallArgumentsDone,
    lifecycle.customToolCallInputDelta,
    lifecycle.customToolCallInputDone,
    text.contentPartAdded,
    text.contentPartDone,
    text.outputTextDelta,
    text.outputTextDone,
    text.outputTextAnnotationAdded,
    text.refusalDelta,
    text.refusalDone,
    text.reasoningTextDelta,
    text.reasoningTextDone,
    text.reasoningSummaryPartAdded,
    text.reasoningSummaryPartDone,
    text.reasoningSummaryTextDelta,
    text.reasoningSummaryTextDone,
    recognisedEvent("response.audio.delta"),
    recognisedEvent("response.audio.done"),
    recognisedEvent("response.audio.transcript.delta"),
    recognisedEvent("response.audio.transcript.done"),
    recognisedEvent("response.code_interpreter_call.in_progress"),
    recognisedEvent("response.code_interpreter_call.interpreting"),
    recognisedEvent("response.code_interpreter_call.completed"),
    recognisedEvent("response.code_interpreter_call_code.delta"),
    recognisedEvent("response.code_interpreter_call_code.done"),
    recognisedEvent("response.compaction.compacting"),
    recognisedEvent("response.file_search_call.in_progress"),
    recognisedEvent("response.file_search_call.searching"),
    recognisedEvent("response.file_search_call.completed"),
    recognisedEvent("response.image_generation_call.in_progress"),
    recognisedEvent("response.image_generation_call.generating"),
    recognisedEvent("response.image_generation_call.partial_image"),
    recognisedEvent("response.image_generation_call.completed"),
    recognisedEvent("response.mcp_call.in_progress"),
    recognisedEvent("response.mcp_call.completed"),
    recognisedEvent("response.mcp_call.failed"),
    recognisedEvent("response.mcp_call_arguments.delta"),
    recognisedEvent("response.mcp_call_arguments.done"),
    recognisedEvent("response.mcp_list_tools.in_progress"),
    recognisedEvent("response.mcp_list_tools.completed"),
    recognisedEvent("response.mcp_list_tools.failed"),
    recognisedEvent("response.shell_call_command.added"),
    recognisedEvent("response.shell_call_command.delta"),
    recognisedEvent("response.shell_call_command.done"),
    recognisedEvent("response.shell_call_output_content.delta"),
    recognisedEvent("response.shell_call_output_content.done"),
    recognisedEvent("response.web_search_call.in_progress"),
    recognisedEvent("response.web_search_call.searching"),
    recognisedEvent("response.web_search_call.completed"),
  ])
  .meta({ id: "ResponseStreamEvent" });

export type ResponseStreamEvent = z.output<typeof responseStreamEvent>;
export type ResponseStreamEventType = ResponseStreamEvent["type"];
/** The event of one type, for instance `ResponseStreamEventOf<"response.output_text.delta">`. */
export type ResponseStreamEventOf<Type extends ResponseStreamEventType> = Extract<ResponseStreamEvent, { type: Type }>;
