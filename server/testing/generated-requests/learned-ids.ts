import type { OperationId } from "@headrace/contract/operations.ts";
import { z } from "zod";
import type { IdName, KnownIds } from "./places.ts";

/** What the `id` of an answer names. */
const idOfAnswer: Partial<Record<OperationId, IdName>> = {
  createAdminApiKey: "key_id",
  createChatCompletion: "completion_id",
  createConversation: "conversation_id",
  createInvite: "invite_id",
  createOperatorApiKey: "operator_key_id",
  createOrganization: "organization_id",
  createProject: "project_id",
  createProjectApiKey: "api_key_id",
  createProjectServiceAccount: "service_account_id",
  createProjectServiceAccountApiKey: "api_key_id",
  createResponse: "response_id",
  rotateProjectApiKey: "api_key_id",
};

const object = z.object({ id: z.string() });
const withKey = z.object({ api_key: object });
const withUser = z.object({ user: object });
const page = z.object({ data: z.array(object) });

/** Learns the ids of what an answer says was made. */
export function learnIds(operation: OperationId, answer: unknown, ids: KnownIds): void {
  const name = idOfAnswer[operation];
  if (name !== undefined) ids.learn(name, object.parse(answer).id);
  if (operation === "acceptInvite") ids.learn("user_id", withUser.parse(answer).user.id);
  if (operation === "createProjectServiceAccount") {
    const { data } = withKey.safeParse(answer);
    if (data !== undefined) ids.learn("api_key_id", data.api_key.id);
  }
  if (operation === "createConversationItems" || operation === "listConversationItems") {
    for (const { id } of page.parse(answer).data) ids.learn("item_id", id);
  }
}
