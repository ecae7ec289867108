import { createResponse } from "@headrace/contract/responses/create-response.ts";
import type { SocketEndpoint } from "../../../http/socket-endpoint.ts";
import { createResponseEndpoint } from "../create-response.ts";
import type { ResponseServices } from "../response-services.ts";
import { ConnectionMemory } from "./connection-memory.ts";
import { type LaneLimits, Lanes } from "./lanes.ts";
import { refuseMultiAgent } from "./refuse-multi-agent.ts";
import { ResponsesSession } from "./responses-session.ts";
import { Steering } from "./steering.ts";

export type ResponsesSocketLimits = LaneLimits & {
  readonly websocketMemoryBytesMax: number;
  readonly websocketSteersMax: number;
  readonly eventBytesMax: number;
};

/** `WS /v1/responses`. */
export function responsesSocket(services: ResponseServices, limits: ResponsesSocketLimits): SocketEndpoint {
  return {
    operation: createResponse,
    checkHandshake: refuseMultiAgent,
    open: (input) =>
      new ResponsesSession(input, {
        lanes: new Lanes(limits),
        memory: new ConnectionMemory(services.store, limits.websocketMemoryBytesMax),
        steering: new Steering({
          send: (message) => void input.channel.send(message),
          newId: () => services.ids("steer"),
          steersMax: limits.websocketSteersMax,
        }),
        create: (request, options) => createResponseEndpoint(services, options).handle(request),
        eventBytesMax: limits.eventBytesMax,
      }),
  };
}
