import { type CreateInviteBody, createInvite } from "@headrace/contract/admin/invites.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Transaction } from "kysely";
import type { Tables } from "../../../database/tables.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { requireOrganization } from "../../../identity/identity-store.ts";
import { newId } from "../../../identity/ids.ts";
import { generateInviteToken, hashInviteToken } from "../../../identity/invite-token.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { oldestActiveProject, requireActiveProject } from "../projects/project-store.ts";
import { inviteLetter } from "./invite-letter.ts";
import { toInvite } from "./invite-object.ts";
import { findAddress, type InvitedProject, insertInvite } from "./invite-store.ts";

/** As long as OpenAI's. */
const lifetimeMs = 7 * 24 * 60 * 60 * 1000;

export const createInviteEndpoint = (services: AdminServices) =>
  endpoint(createInvite, async ({ body, principal, context }) => {
    const { organizationId } = principal;
    const { email, role } = body;
    const token = generateInviteToken();
    const made = await changeOrganization(services, { principal, context }, async (transaction) => {
      refuseKnown(email, await findAddress(transaction, organizationId, email));
      const { name: organizationName } = await requireOrganization(transaction, organizationId);
      const nowMs = Date.now();
      const invite = await insertInvite(transaction, {
        id: newId("invite"),
        organization_id: organizationId,
        email,
        role,
        projects: await requireProjects(transaction, organizationId, body.projects),
        tokenHash: hashInviteToken(services.inviteHashKey, token),
        created_at: new Date(nowMs),
        expires_at: new Date(nowMs + lifetimeMs),
      });
      const payload = { id: invite.id, data: { email, role } };
      return { result: { invite, organizationName }, event: { type: "invite.sent", payload } };
    });
    const { invite, organizationName } = made;
    const letter = inviteLetter(invite, { organizationName, publicUrl: services.publicUrl(), token });
    services.outbox.post(letter, { about: "invite", inviteId: invite.id, requestId: context.requestId });
    return json(toInvite(invite));
  });

function refuseKnown(email: string, state: "invited" | "member" | "unknown"): void {
  if (state === "unknown") return;
  const message =
    state === "member"
      ? `'${email}' belongs to a user of this organization already. Update the user's role instead.`
      : `'${email}' is invited already. To send the invite again, delete it and create a new one.`;
  throw new ApiError("invalid_value", message, { param: "email" });
}

/**
 * The projects that an invite names, each the organization's own, active, and named once. They are locked in the order of
 * their ids, so that no two invites wait for each other.
 * @throws ApiError `not_found`, `project_archived` or `invalid_value` with the place of the id.
 */
async function requireProjects(
  transaction: Transaction<Tables>,
  organizationId: string,
  projects: CreateInviteBody["projects"],
): Promise<readonly InvitedProject[]> {
  if (projects === undefined) {
    const project = await oldestActiveProject(transaction, organizationId);
    return project === undefined ? [] : [{ id: project.id, role: "member" }];
  }
  const places = new Map<string, string>();
  for (const [index, { id }] of projects.entries()) {
    const param = `projects[${index}].id`;
    if (places.has(id)) {
      throw new ApiError("invalid_value", `The project '${id}' is named twice. Name it once.`, { param });
    }
    places.set(id, param);
  }
  for (const [id, param] of [...places].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    await requireActiveProject(transaction, organizationId, id, param);
  }
  return projects;
}
