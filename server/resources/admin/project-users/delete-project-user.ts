import { deleteProjectUser } from "@headrace/contract/admin/project-users.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { touchKeysOfUser } from "../../../identity/key-owner-store.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { requireActiveProject } from "../projects/project-store.ts";
import { deleteProjectUserRow, requireProjectUser } from "./project-user-store.ts";

/** The user's keys of the project stay, and are refused until the user can reach it again. */
export const deleteProjectUserEndpoint = (services: AdminServices) =>
  endpoint(deleteProjectUser, async ({ params, principal, context }) => {
    const { organizationId } = principal;
    const id = params.user_id;
    await changeOrganization(services, { principal, context }, async (transaction) => {
      const project = await requireActiveProject(transaction, organizationId, params.project_id);
      const user = await requireProjectUser(transaction, { organizationId, projectId: project.id }, id);
      await deleteProjectUserRow(transaction, user);
      await touchKeysOfUser(transaction, organizationId, id);
      return {
        result: undefined,
        event: { type: "user.deleted", payload: { id }, project: { id: project.id, name: project.name } },
      };
    });
    return json({ id, object: "organization.project.user.deleted", deleted: true });
  });
