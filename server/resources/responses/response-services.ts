import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import type { Relay, RelayLimits } from "../../gateway/relay.ts";
import type { HeartbeatWheel } from "../../http/heartbeat.ts";
import type { RequestContext } from "../../http/request-context.ts";
import type { IdGenerator } from "../../inference/ids.ts";
import type { ReasoningSealer } from "../../inference/reasoning-seal.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import type { Deployment, ModelDirectory } from "../../ports/upstream.ts";
import type { UsageJournal } from "../../ports/usage-journal.ts";
import type { ConversationStore } from "../conversations/index.ts";
import type { PlacedItem } from "./conversation-input.ts";
import type { ResponseItemStore } from "./response-item-store.ts";
import type { ResponseStore, StoredResponse } from "./response-store.ts";

export type ResponseServices = {
  readonly models: ModelDirectory;
  readonly relay: Relay;
  readonly relayLimits: RelayLimits;
  readonly journal: UsageJournal;
  readonly store: ResponseStore;
  readonly conversations: ConversationStore;
  readonly items: ResponseItemStore;
  readonly sealer: ReasoningSealer;
  readonly heartbeats: HeartbeatWheel;
  readonly ids: IdGenerator;
  readonly clock: Clock;
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
  /** The conversation in which it answers. */
  readonly conversationId: string | undefined;
  /** Keeps the response that has ended, unless its caller wants it kept nowhere. */
  readonly keep: (response: StoredResponse) => Promise<void>;
  /** The whole conversation, oldest first, this turn's input at its end. */
  readonly items: readonly PlacedItem[];
};
