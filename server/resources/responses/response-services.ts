import type { InputItem } from "@headrace/contract/responses/input-items.ts";
import type { CreateResponseBody } from "@headrace/contract/responses/request.ts";
import type { Relay, RelayLimits } from "../../gateway/relay.ts";
import type { HeartbeatWheel } from "../../http/heartbeat.ts";
import type { RequestContext } from "../../http/request-context.ts";
import type { IdGenerator } from "../../inference/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import type { Deployment, ModelDirectory } from "../../ports/upstream.ts";
import type { UsageJournal } from "../../ports/usage-journal.ts";
import type { ResponseStore, StoredResponse, StoredTurn } from "./response-store.ts";

export type ResponseServices = {
  readonly models: ModelDirectory;
  readonly relay: Relay;
  readonly relayLimits: RelayLimits;
  readonly journal: UsageJournal;
  readonly store: ResponseStore;
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
  readonly input: readonly InputItem[];
  /** The turns before this one, oldest first. */
  readonly history: readonly StoredTurn[];
  /** Keeps the response that has ended, unless its caller wants it kept nowhere. */
  readonly keep: (response: StoredResponse) => Promise<void>;
};
