import type * as Sdk from "openai/resources/responses/responses";
import type { Exceptions, Same } from "../common/parity.ts";
import type {
  ResponseCreateEvent,
  ResponseSteerEvent,
  ResponsesServerEventType,
  SocketErrorEvent,
  SteerAcceptedEvent,
  SteerErrorCode,
  SteerFailedEvent,
  SteerPendingEvent,
} from "./socket-events.ts";

export const serverEventTypes = true satisfies Same<ResponsesServerEventType, Sdk.ResponsesServerEvent["type"]>;

const asBody = "As the same parameter of POST /v1/responses.";

export const responseCreateEventExceptions = {
  input: ["each_has_more", asBody],
  prompt: ["ours_is_wider", asBody],
  tools: ["ours_is_wider", asBody],
} satisfies Exceptions<ResponseCreateEvent, Sdk.ResponsesClientEvent.ResponseCreate>;

export const responseSteerEventExceptions = {
  input: ["each_has_more", "The SDK's type has tool outputs, which its description refuses; `type` is optional there."],
} satisfies Exceptions<ResponseSteerEvent, Sdk.ResponseSteerEvent>;

export const socketErrorEventExceptions = {} satisfies Exceptions<
  SocketErrorEvent,
  Sdk.ResponsesServerEvent.ResponseWsError
>;

export const steerAcceptedEventExceptions = {} satisfies Exceptions<SteerAcceptedEvent, Sdk.ResponseSteerAcceptedEvent>;

export const steerPendingEventExceptions = {
  reason: ["sdk_is_wider", "The one reason that there is; the SDK takes others to come."],
  required_input: ["sdk_is_wider", "Only the calls of tools that are served."],
} satisfies Exceptions<SteerPendingEvent, Sdk.ResponseSteerPendingEvent>;

export const steerFailedEventExceptions = {
  error: ["sdk_is_wider", "The codes that there are; the SDK takes others to come."],
  steer: ["ours_is_wider", "The input is given back as it was sent, also where it was wrong."],
} satisfies Exceptions<SteerFailedEvent, Sdk.ResponseSteerFailedEvent>;

export const steerErrorCodes = true satisfies Same<SteerErrorCode, Extract<Sdk.ResponseSteerErrorCode, SteerErrorCode>>;
