import { randomBytes } from "node:crypto";
import type { ChatCompletion } from "@headrace/contract/chat/completion.ts";
import type { CreateChatCompletionBody } from "@headrace/contract/chat/request.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { ProjectPrincipal } from "../../ports/principal.ts";
import type { ChatServices } from "./chat-services.ts";

const idBytes = 19;

/** Keeps the answer to one request that asked for it. */
export type Keeper = {
  /** The id under which it is found: an upstream's own is neither secret nor unique among upstreams. */
  readonly id: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** @throws ApiError `storage_unavailable` */
  keep(completion: ChatCompletion): Promise<void>;
};

export function createKeeper(
  services: Pick<ChatServices, "chatCompletions" | "clock">,
  principal: ProjectPrincipal,
  { model, messages, metadata }: Pick<CreateChatCompletionBody, "model" | "messages" | "metadata">,
): Keeper {
  const pairs = metadata ?? {};
  return {
    id: `chatcmpl-${randomBytes(idBytes).toString("hex")}`,
    metadata: pairs,
    async keep(completion) {
      const createdAt = new Date(services.clock.nowMs());
      try {
        await services.chatCompletions.insert(principal, { completion, model, messages, metadata: pairs, createdAt });
      } catch (cause) {
        const message = "The chat completion could not be stored. Send the request again.";
        throw new ApiError("storage_unavailable", message, { cause });
      }
    },
  };
}

/** Keeps a whole answer. @returns it as its caller gets it, under the id by which it is found again. */
export async function keepCompletion(answer: ChatCompletion, keeper: Keeper): Promise<ChatCompletion> {
  const completion = { ...answer, id: keeper.id };
  await keeper.keep(completion);
  return { ...completion, metadata: { ...keeper.metadata } };
}

/** Reads a whole answer. @throws ApiError `upstream_failed` where it is none. */
export function parseCompletion(bytes: Uint8Array): ChatCompletion {
  const answer = JSON.parse(new TextDecoder().decode(bytes)) as Partial<ChatCompletion> | null;
  if (Array.isArray(answer?.choices)) return answer as ChatCompletion;
  throw new ApiError("upstream_failed", "The model's server did not answer with a chat completion. Try again.");
}
