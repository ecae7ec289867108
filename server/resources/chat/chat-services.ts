import type { Relay } from "../../gateway/relay.ts";
import type { HeartbeatWheel } from "../../http/heartbeat.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ModelDirectory } from "../../ports/upstream.ts";
import type { ChatCompletionStore } from "./chat-completion-store.ts";

export type ChatServices = {
  readonly models: ModelDirectory;
  readonly relay: Relay;
  readonly heartbeats: HeartbeatWheel;
  readonly chatCompletions: ChatCompletionStore;
  readonly clock: Clock;
};
