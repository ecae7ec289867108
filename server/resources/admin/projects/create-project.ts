import { createProject, createProjectServed } from "@headrace/contract/admin/projects.ts";
import { refuseUnserved } from "@headrace/contract/common/served.ts";
import { endpoint, json } from "../../../http/endpoint.ts";
import { insertProject } from "../../../identity/identity-store.ts";
import { newId } from "../../../identity/ids.ts";
import { type AdminServices, changeOrganization } from "../organization-change.ts";
import { toProject } from "./project-object.ts";

export const createProjectEndpoint = (services: AdminServices) =>
  endpoint(createProject, async ({ body, principal, context }) => {
    refuseUnserved(createProjectServed, body);
    const row = await changeOrganization(services, { principal, context }, async (transaction) => {
      const { organizationId } = principal;
      const result = await insertProject(transaction, { id: newId("proj"), organizationId, name: body.name });
      const { id, name } = result;
      const payload = { id, data: { name, title: name } };
      return { result, event: { type: "project.created", payload, project: { id, name } } };
    });
    return json(toProject(row));
  });
