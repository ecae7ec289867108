import type { InputItemListParams } from "openai/resources/responses/input-items";
import type { InputTokenCountParams, InputTokenCountResponse } from "openai/resources/responses/input-tokens";
import type * as Sdk from "openai/resources/responses/responses";
import type { Exceptions, Fits, Same } from "../common/parity.ts";
import type { InputItem } from "./input-items.ts";
import type { CountInputTokensBody, InputTokenCount } from "./input-tokens.ts";
import type { ItemPageQuery } from "./list-input-items.ts";
import type { OutputItem } from "./output-items.ts";
import type { CreateResponseBody } from "./request.ts";
import type { ResponseObject } from "./response.ts";
import type { ResponseError } from "./response-error.ts";
import type { StoredItem } from "./stored-items.ts";
import type { RetrieveResponseQuery } from "./stored-responses.ts";
import type { Tool } from "./tools.ts";
import type { ResponseUsage } from "./usage.ts";

type Of<Item, Type> = Extract<Item, { type: Type }>;
type TypeOf<Item> = Item extends { type?: infer Type } ? Exclude<Type, undefined | null> : never;

const recognisedOnly = "Items and tools of features that are not served yet are recognised by their type alone.";
const detailOptional =
  "OpenAI's wire takes an image without `detail`, and null for what is left out; see ResponseInputImageContent.";

export const createResponseBodyExceptions = {
  input: ["each_has_more", `${recognisedOnly} The SDK's untyped item_reference is accepted: see below.`],
  prompt: ["ours_is_wider", detailOptional],
  tools: ["ours_is_wider", `${recognisedOnly} A function's \`parameters\` and \`strict\` may be left out on the wire.`],
} satisfies Exceptions<CreateResponseBody, Sdk.ResponseCreateParamsBase>;

export const retrieveResponseQueryExceptions = {} satisfies Exceptions<
  RetrieveResponseQuery,
  Sdk.ResponseRetrieveParamsBase
>;

export const listInputItemsQueryExceptions = {} satisfies Exceptions<ItemPageQuery, InputItemListParams>;

export const countInputTokensBodyExceptions = {
  input: ["each_has_more", "As `input` of the request."],
  tools: ["ours_is_wider", recognisedOnly],
} satisfies Exceptions<CountInputTokensBody, InputTokenCountParams>;
export const inputTokenCountExceptions = {} satisfies Exceptions<InputTokenCount, InputTokenCountResponse>;

const onTheWire = "Recorded on OpenAI's wire, not in the SDK's types.";

export const responseExceptions = {
  frequency_penalty: ["only_ours", onTheWire],
  presence_penalty: ["only_ours", onTheWire],
  store: ["only_ours", onTheWire],
  usage: ["ours_is_wider", "Null on OpenAI's wire until the response has ended."],
  user: ["ours_is_wider", "Null on OpenAI's wire where the caller sent none."],
  output_text: ["only_sdk", "Computed by the SDK, not on the wire."],
  instructions: ["each_has_more", "As `input` of the request."],
  output: ["ours_is_wider", recognisedOnly],
  prompt: ["ours_is_wider", detailOptional],
  tools: ["ours_is_wider", recognisedOnly],
} satisfies Exceptions<ResponseObject, Sdk.Response>;

export const usageExceptions = {} satisfies Exceptions<ResponseUsage, Sdk.ResponseUsage>;
export const errorExceptions = {} satisfies Exceptions<ResponseError, Sdk.ResponseError>;

export const inputItemTypes = true satisfies Same<TypeOf<InputItem>, TypeOf<Sdk.ResponseInputItem>>;
export const outputItemTypes = true satisfies Same<OutputItem["type"], Sdk.ResponseOutputItem["type"]>;
export const storedItemTypes = true satisfies Same<StoredItem["type"], Sdk.ResponseItem["type"]>;
export const toolTypes = true satisfies Same<Tool["type"], Sdk.Tool["type"]>;

/** Input items of the SDK that we would not take. tsc can't match an optional, nullable `type` with a union. */
type Refused<Item> = Item extends unknown ? (Fits<Item, InputItem> extends true ? never : Item) : never;
export const refusedInputItems = true satisfies Same<
  Refused<Sdk.ResponseInputItem>,
  Sdk.ResponseInputItem.ItemReference
>;
type UntypedReference = Exclude<Extract<InputItem, { type?: null }>, { role: string }>;
export const typedReference = {} satisfies Exceptions<
  Of<InputItem, "item_reference">,
  { type: "item_reference"; id: string }
>;
export const untypedReference = {} satisfies Exceptions<UntypedReference, { type?: null; id: string }>;

export const inputFunctionCall = {} satisfies Exceptions<Of<InputItem, "function_call">, Sdk.ResponseFunctionToolCall>;
export const inputFunctionCallOutput = {} satisfies Exceptions<
  Of<InputItem, "function_call_output">,
  Sdk.ResponseInputItem.FunctionCallOutput
>;
export const inputCustomToolCall = {} satisfies Exceptions<
  Of<InputItem, "custom_tool_call">,
  Sdk.ResponseCustomToolCall
>;
export const inputCustomToolCallOutput = {
  output: ["ours_is_wider", detailOptional],
} satisfies Exceptions<Of<InputItem, "custom_tool_call_output">, Sdk.ResponseCustomToolCallOutput>;
export const inputReasoning = {} satisfies Exceptions<Of<InputItem, "reasoning">, Sdk.ResponseReasoningItem>;

export const outputMessage = {} satisfies Exceptions<Of<OutputItem, "message">, Sdk.ResponseOutputMessage>;
export const outputFunctionCall = {} satisfies Exceptions<
  Of<OutputItem, "function_call">,
  Sdk.ResponseFunctionToolCall
>;
export const outputFunctionCallOutput = {
  output: ["ours_is_wider", detailOptional],
} satisfies Exceptions<Of<OutputItem, "function_call_output">, Sdk.ResponseFunctionToolCallOutputItem>;
export const outputCustomToolCall = {} satisfies Exceptions<
  Of<OutputItem, "custom_tool_call">,
  Sdk.ResponseCustomToolCall
>;
export const outputCustomToolCallOutput = {
  output: ["ours_is_wider", detailOptional],
} satisfies Exceptions<Of<OutputItem, "custom_tool_call_output">, Sdk.ResponseCustomToolCallOutputItem>;
export const outputReasoning = {} satisfies Exceptions<Of<OutputItem, "reasoning">, Sdk.ResponseReasoningItem>;

export const functionTool = {} satisfies Exceptions<Of<Tool, "function">, Sdk.FunctionTool>;
export const customTool = {} satisfies Exceptions<Of<Tool, "custom">, Sdk.CustomTool>;

export const storedFunctionCall = {} satisfies Exceptions<
  Of<StoredItem, "function_call">,
  Sdk.ResponseFunctionToolCallItem
>;
export const storedCustomToolCall = {} satisfies Exceptions<
  Of<StoredItem, "custom_tool_call">,
  Sdk.ResponseCustomToolCallItem
>;
