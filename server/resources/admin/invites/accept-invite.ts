import { ApiError } from "@headrace/contract/common/errors.ts";
import { acceptInvite } from "@headrace/contract/headrace/invites.ts";
import { appendAuditEvent } from "../../../audit/audit-log.ts";
import { inPlatform } from "../../../database/tenant.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { hashInviteToken, isInviteToken } from "../../../identity/invite-token.ts";
import { type AdminServices, originOf } from "../organization-change.ts";
import { admitUser, findOrMakeUser, lockOpenInvite } from "./accept-invite-store.ts";

/**
 * The token is all that is asked for: it came to the invited address, and nobody else has seen it. The audit log names the
 * person as who did it, in a session of this one request.
 */
export const acceptInviteEndpoint = ({ db, inviteHashKey }: AdminServices) =>
  endpoint(acceptInvite, async ({ body: { token, name }, context }) => {
    if (!isInviteToken(token)) throw noOpenInvite();
    const accepted = await inPlatform(db, async (transaction) => {
      const invite = await lockOpenInvite(transaction, hashInviteToken(inviteHashKey, token));
      if (invite === undefined) throw noOpenInvite();
      if (invite.organization_status === "suspended") {
        throw new ApiError("organization_suspended", "This organization is suspended. Ask whoever invited you.");
      }
      const { id, organization_id: organizationId, email, role } = invite;
      const user = { id: await findOrMakeUser(transaction, invite), email };
      await admitUser(transaction, invite, { id: user.id, name });
      const actor = { type: "session", user, ...originOf(context) } as const;
      await appendAuditEvent(transaction, { organizationId, actor, type: "invite.accepted", payload: { id } });
      const payload = { id: user.id, data: { role } };
      await appendAuditEvent(transaction, { organizationId, actor, type: "user.added", payload });
      return {
        object: "headrace.invite.accepted" as const,
        organization: { id: organizationId, name: invite.organization_name },
        user: { ...user, name, role },
      };
    });
    return json(accepted);
  });

/** Unknown, used, withdrawn and expired tokens get the same answer: it tells nothing about which invites there are. */
function noOpenInvite(): ApiError {
  return new ApiError(
    "not_found",
    "This invite is not known, was used or withdrawn, or has expired. Ask whoever invited you for a new one.",
    { param: "token" },
  );
}
