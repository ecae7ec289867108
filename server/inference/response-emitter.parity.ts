/**
 * Holds the emitted types against the official SDK's at compile time; nothing here runs.
 * Exceptions, each because OpenAI's recorded streams differ from its own types: `usage` and `user` are null where there is
 * none, the `error` event nests its error. `output_text` is made by the SDK itself and never sent.
 */
import type { Response, ResponseOutputItem, ResponseStreamEvent } from "openai/resources/responses/responses";
import type { ResponseEvent } from "./response-events.ts";
import type { OutputItem } from "./response-items.ts";
import type { ResponseObject } from "./response-object.ts";

type Assert<_Holds extends true> = never;
type Fits<Ours, Theirs> = [Ours] extends [Theirs] ? true : false;

/** These are the contract's own, and held against the SDK's beside it. */
type EchoedField = "instructions" | "tools" | "tool_choice";
type OurResponse = Omit<ResponseObject, "usage" | "user" | "output" | EchoedField> & {
  output: OutputItem[];
  usage: NonNullable<ResponseObject["usage"]>;
  user: NonNullable<ResponseObject["user"]>;
};
type TheirResponse = Omit<Response, "output_text">;
/** Keys of our own: openresponses.org's schema demands them, the SDK's type has no word for them. */
type OwnKey = "store" | "presence_penalty" | "frequency_penalty";

type OurEvent = Exclude<ResponseEvent, { type: "error" } | { response: ResponseObject }>;
/** One event type at a time, so that a wrong one can't hide behind another member of the union. */
type EventsFit = {
  [Type in OurEvent["type"]]: Fits<
    Omit<Extract<OurEvent, { type: Type }>, "type">,
    Omit<Extract<ResponseStreamEvent, { type: Type }>, "type">
  >;
}[OurEvent["type"]];
type ItemsFit = {
  [Type in OutputItem["type"]]: Fits<Extract<OutputItem, { type: Type }>, Extract<ResponseOutputItem, { type: Type }>>;
}[OutputItem["type"]];

export type Parity = [
  Assert<Fits<OurResponse, Omit<TheirResponse, EchoedField>>>,
  Assert<Fits<Exclude<keyof ResponseObject, OwnKey>, keyof TheirResponse>>,
  Assert<Fits<ResponseEvent["type"], ResponseStreamEvent["type"]>>,
  Assert<EventsFit>,
  Assert<ItemsFit>,
  // A required field of theirs that we leave out fails above; these must stay exceptions, or leave the list.
  Assert<Fits<null, TheirResponse["user"]> extends false ? true : false>,
  Assert<Fits<null, TheirResponse["usage"]> extends false ? true : false>,
  Assert<Fits<OwnKey, keyof TheirResponse> extends false ? true : false>,
];
