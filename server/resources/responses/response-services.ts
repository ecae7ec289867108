import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import type { Relay, RelayLimits } from "../../gateway/relay.ts";
import type { EventFrames } from "../../http/endpoint.ts";
import type { HeartbeatWheel } from "../../http/heartbeat.ts";
import type { RequestContext } from "../../http/request-context.ts";
import type { IdGenerator } from "../../inference/ids.ts";
import type { ReasoningSealer } from "../../inference/reasoning-seal.ts";
import type { ResponseObject } from "../../inference/response-object.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import type { Deployment, ModelDirectory } from "../../ports/upstream.ts";
import type { UsageJournal } from "../../ports/usage-journal.ts";
import type { ConversationStore } from "../conversations/index.ts";
import type { BackgroundStore } from "./background/background-store.ts";
import type { RunningResponses } from "./background/running-responses.ts";
import type { PlacedItem } from "./conversation-input.ts";
import type { ResponseItemStore } from "./response-item-store.ts";
import type { ResponseStore, StoredResponse } from "./response-store.ts";
import type { StreamLogStore } from "./stream-log/stream-log-store.ts";
import type { StreamTails } from "./stream-log/stream-tails.ts";
import type { WriteBehindLog } from "./stream-log/write-behind-log.ts";

export type ResponseServices = {
  readonly models: ModelDirectory;
  readonly relay: Relay;
  readonly relayLimits: RelayLimits;
  readonly journal: UsageJournal;
  readonly store: ResponseStore;
  readonly items: ResponseItemStore;
  readonly sealer: ReasoningSealer;
  readonly conversations: ConversationStore;
  readonly background: BackgroundStore;
  readonly running: RunningResponses;
  readonly streams: { readonly log: StreamLogStore; readonly tails: StreamTails; readonly behind: WriteBehindLog };
  readonly heartbeats: HeartbeatWheel;
  readonly ids: IdGenerator;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** One checked request to create a response. */
export type ResponseTurn = {
  readonly body: CreateResponseBody;
  readonly rawBody: Uint8Array;
  readonly principal: ProjectPrincipal;
  readonly context: RequestContext;
  readonly deployment: Deployment;
  /** The input of this turn alone, its references resolved. */
  readonly input: readonly InputItem[];
  /** The whole conversation, oldest first, this turn's input at its end. */
  readonly items: readonly PlacedItem[];
  /** The conversation in which it answers. */
  readonly conversationId: string | undefined;
  readonly responseId: string;
  /** Unix seconds. */
  readonly createdAt: number;
  /** 1 for the first run. */
  readonly attempt: number;
  /** Keeps the response that has ended, unless its caller wants it kept nowhere. */
  readonly keep: (response: StoredResponse) => Promise<void>;
};

/** A turn whose request was found good: it is run once, in one of two forms. */
export type PreparedTurn = {
  /** The whole response. @throws ApiError where the model refuses or fails. */
  answer(): Promise<ResponseObject>;
  /** The events as they come, once the model has accepted the request. @throws ApiError where it refuses. */
  stream(): Promise<EventFrames>;
};
