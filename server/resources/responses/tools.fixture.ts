import { callChoice, chatChoiceFrames } from "../../testing/scripted-provider.ts";

/** Tools, and a model that calls one of them twice, its calls' pieces interleaved. */

export const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
export const weather = {
  type: "function",
  name: "weather",
  description: "Says the weather.",
  parameters,
  strict: true,
} as const;
export const clock = { type: "function", name: "clock" } as const;

export const twoCalls = chatChoiceFrames(
  [
    callChoice(0, "", { id: "call_a", name: "weather" }),
    callChoice(0, '{"city":"Par'),
    callChoice(1, "", { id: "call_b", name: "weather" }),
    callChoice(1, '{"city":'),
    callChoice(0, 'is"}'),
    callChoice(1, '"Rome"}'),
  ],
  { finish: "tool_calls" },
);
