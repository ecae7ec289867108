import { pageObjectsMax } from "@headrace/contract/admin/limits.ts";
import { parseRequest } from "@headrace/contract/common/validation.ts";
import { createOperatorApiKeyBody } from "@headrace/contract/headrace/operator-api-keys.ts";
import { createOrganizationBody, updateOrganizationBody } from "@headrace/contract/headrace/organizations.ts";
import type { ModelState as LibraryState, ModelLibrary } from "@headrace/engine/library/model-library.ts";
import { type AuditCommandParts, checkpointsCommand, verifyCommand } from "../audit/audit-command.ts";
import type { AuditActor } from "../audit/audit-events.ts";
import { inPlatform } from "../database/tenant.ts";
import type { InstallationHealth } from "../health/installation-health.ts";
import { type OrganizationRow, pageOfOrganizations } from "../identity/identity-store.ts";
import { createOperatorKey } from "../operator/operator-keys.ts";
import type { OperatorServices } from "../operator/operator-services.ts";
import { createOrganization, updateOrganization } from "../operator/organizations.ts";
import { revokeAnyKey } from "../operator/revoke-key.ts";
import { ControlError, type ControlService, type ModelState, type OrganizationSummary } from "./control-service.ts";

/** The command line itself: who may open the data folder. */
const commandLine: AuditActor = { type: "system" };

/** Does what the command line asks for, in this process. */
export function createLocalControl(parts: {
  readonly operator: OperatorServices;
  readonly library: ModelLibrary;
  readonly audit: AuditCommandParts;
  /** Where a server runs. */
  readonly health?: InstallationHealth;
  /** Called when the models on disk have changed. */
  readonly onModelsChanged: () => Promise<void>;
}): ControlService {
  const { operator, library, audit, health, onModelsChanged } = parts;
  const { keys } = operator;
  return {
    async createKey(options) {
      const made = await keys.create(options);
      await operator.refreshKeys();
      return made;
    },
    async createOperatorKey(options) {
      const body = parseRequest(createOperatorApiKeyBody, options);
      const { row, value } = await createOperatorKey(operator, commandLine, body);
      return { id: row.id, key: value };
    },
    listKeys: () => keys.list(),
    revokeKey: (id) => revokeAnyKey(operator, id),
    async createOrganization(options) {
      const made = await createOrganization(operator, commandLine, parseRequest(createOrganizationBody, options));
      return { organization: toSummary(made.row), adminKey: made.adminKey };
    },
    listOrganizations: () => allOrganizations(operator),
    async updateOrganization({ id, ...change }) {
      const body = parseRequest(updateOrganizationBody, change);
      return toSummary(await updateOrganization(operator, commandLine, id, body));
    },
    async health() {
      if (health === undefined) throw new ControlError("No server runs on this data folder.");
      return health.report();
    },
    listModels: async () => (await library.list()).map(toModelState),
    async pullModel(id, onProgress) {
      await library.pull(id, { onProgress: ({ modelId, ...progress }) => onProgress({ model: modelId, ...progress }) });
      await onModelsChanged();
    },
    async removeModel(id) {
      await library.remove(id);
      await onModelsChanged();
    },
    verifyAudit: (options) => verifyCommand(audit, options),
    exportAuditCheckpoints: (options, onLines) => checkpointsCommand(audit, { ...options, onLines }),
  };
}

async function allOrganizations({ db }: OperatorServices): Promise<OrganizationSummary[]> {
  const organizations: OrganizationSummary[] = [];
  for (let after: string | undefined; ; after = organizations.at(-1)?.id) {
    const page = { limit: pageObjectsMax, ...(after === undefined ? {} : { after }) };
    const { rows } = await inPlatform(db, (transaction) => pageOfOrganizations(transaction, page));
    organizations.push(...rows.slice(0, pageObjectsMax).map(toSummary));
    if (rows.length <= pageObjectsMax) return organizations;
  }
}

function toSummary(row: OrganizationRow): OrganizationSummary {
  return { id: row.id, name: row.name, status: row.status, createdAt: row.created_at.toISOString() };
}

function toModelState({ model, status, problem }: LibraryState): ModelState {
  return {
    id: model.id,
    kind: model.kind,
    licence: model.licence.name,
    downloadBytes: model.downloadBytes,
    state: problem ?? status,
  };
}
