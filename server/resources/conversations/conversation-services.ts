import type { IdGenerator } from "../../inference/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ConversationStore } from "./conversation-store.ts";

export type ConversationServices = {
  readonly conversations: ConversationStore;
  readonly ids: IdGenerator;
  readonly clock: Clock;
};
