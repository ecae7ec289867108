import { deleteInvite } from "@headrace/contract/admin/invites.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { statusOf } from "./invite-object.ts";
import { deleteInviteRow, requireInvite } from "./invite-store.ts";

export const deleteInviteEndpoint = (services: AdminServices) =>
  endpoint(deleteInvite, async ({ params, principal, context }) => {
    const id = params.invite_id;
    await changeOrganization(services, { principal, context }, async (transaction) => {
      const invite = await requireInvite(transaction, principal.organizationId, id, { locked: true });
      if (statusOf(invite) === "accepted") {
        throw new ApiError("invalid_value", "This invite was accepted. To take its user out, delete the user.", {
          param: "invite_id",
        });
      }
      await deleteInviteRow(transaction, invite);
      return { result: undefined, event: { type: "invite.deleted", payload: { id } } };
    });
    return json({ id, object: "organization.invite.deleted", deleted: true });
  });
