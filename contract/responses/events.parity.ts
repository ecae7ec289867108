import type * as Sdk from "openai/resources/responses/responses";
import type { Differences, Exceptions, Same } from "../common/parity.ts";
import type { ResponseStreamEventOf, ResponseStreamEventType } from "./events.ts";

type SdkEvent<Type> = Extract<Sdk.ResponseStreamEvent, { type: Type }>;

export const eventTypes = true satisfies Same<ResponseStreamEventType, Sdk.ResponseStreamEvent["type"]>;

/** Events that are described in full; those that are only recognised carry an index signature. */
type DescribedType = {
  [Type in ResponseStreamEventType]: string extends keyof ResponseStreamEventOf<Type> ? never : Type;
}[ResponseStreamEventType];

/** The described events that differ from the SDK's, each with its differing keys. */
type DifferingEvents = {
  [Type in DescribedType as keyof Differences<ResponseStreamEventOf<Type>, SdkEvent<Type>> extends never
    ? never
    : Type]: Exceptions<ResponseStreamEventOf<Type>, SdkEvent<Type>>;
};

const whole = { response: ["each_has_more", "As the exceptions of Response itself."] } as const;
const item = {
  item: ["ours_is_wider", "Items of features that are not served yet are recognised by type alone."],
} as const;
const delta = { obfuscation: ["only_ours", "On OpenAI's wire unless include_obfuscation is false."] } as const;
const nested = "On OpenAI's wire the error's fields are nested; the SDK throws before its flat type applies.";

export const eventExceptions = {
  "response.created": whole,
  "response.queued": whole,
  "response.in_progress": whole,
  "response.completed": whole,
  "response.failed": whole,
  "response.incomplete": whole,
  "response.output_item.added": item,
  "response.output_item.done": item,
  "response.output_text.delta": delta,
  "response.refusal.delta": delta,
  "response.reasoning_text.delta": delta,
  "response.reasoning_summary_text.delta": delta,
  "response.function_call_arguments.delta": delta,
  "response.custom_tool_call_input.delta": delta,
  error: {
    error: ["only_ours", nested],
    code: ["only_sdk", nested],
    message: ["only_sdk", nested],
    param: ["only_sdk", nested],
  },
} satisfies DifferingEvents;
