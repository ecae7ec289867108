import { type CreateProjectUserBody, createProjectUser } from "@headrace/contract/admin/project-users.ts";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { Transaction } from "kysely";
import type { Tables } from "../../../database/tables.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { touchKeysOfUser } from "../../../identity/key-owner-store.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import {
  lockOrganizationUser,
  type OrganizationUserRow,
  requireOrganizationUser,
} from "../organization-users/organization-user-store.ts";
import { requireActiveProject } from "../projects/project-store.ts";
import { toProjectUser } from "./project-user-object.ts";
import { insertProjectUser, requireProjectUser } from "./project-user-store.ts";

export const createProjectUserEndpoint = (services: AdminServices) =>
  endpoint(createProjectUser, async ({ params, body, principal, context }) => {
    const { organizationId } = principal;
    const row = await changeOrganization(services, { principal, context }, async (transaction) => {
      const project = await requireActiveProject(transaction, organizationId, params.project_id);
      const place = { organizationId, projectId: project.id };
      const named = await requireNamedUser(transaction, organizationId, body);
      const { user_id: id } = (await lockOrganizationUser(transaction, organizationId, named.user_id)).user;
      if (!(await insertProjectUser(transaction, place, { id, role: body.role }))) {
        throw new ApiError("invalid_value", `The user '${id}' is in this project already. Update the user's role.`, {
          param: typeof body.user_id === "string" ? "user_id" : "email",
        });
      }
      await touchKeysOfUser(transaction, organizationId, id);
      const result = await requireProjectUser(transaction, place, id);
      const payload = { id, data: { role: body.role } };
      return { result, event: { type: "user.added", payload, project: { id: project.id, name: project.name } } };
    });
    return json(toProjectUser(row));
  });

/**
 * @throws ApiError `not_found` for somebody who is not in the organization, `invalid_value` where the id and the address
 * name two people.
 */
async function requireNamedUser(
  transaction: Transaction<Tables>,
  organizationId: string,
  { user_id: id, email }: CreateProjectUserBody,
): Promise<OrganizationUserRow> {
  if (typeof id !== "string") return requireOrganizationUser(transaction, organizationId, { email: email ?? "" });
  const user = await requireOrganizationUser(transaction, organizationId, { user_id: id });
  if (typeof email === "string" && email.toLowerCase() !== user.email.toLowerCase()) {
    throw new ApiError("invalid_value", `'${email}' is not the address of the user '${id}'. Send one of the two.`, {
      param: "email",
    });
  }
  return user;
}
