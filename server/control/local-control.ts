import type { ModelState as LibraryState, ModelLibrary } from "@headrace/engine/library/model-library.ts";
import { type AuditCommandParts, checkpointsCommand, verifyCommand } from "../audit/audit-command.ts";
import type { KeyService } from "../identity/key-service.ts";
import type { ControlService, ModelState } from "./control-service.ts";

/** Does what the command line asks for, in this process. */
export function createLocalControl(parts: {
  readonly keys: KeyService;
  readonly library: ModelLibrary;
  readonly audit: AuditCommandParts;
  /** Called when the models on disk have changed. */
  readonly onModelsChanged: () => Promise<void>;
}): ControlService {
  const { keys, library, audit, onModelsChanged } = parts;
  return {
    createKey: (options) => keys.create(options),
    listKeys: () => keys.list(),
    revokeKey: (id) => keys.revoke(id),
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

function toModelState({ model, status, problem }: LibraryState): ModelState {
  return {
    id: model.id,
    kind: model.kind,
    licence: model.licence.name,
    downloadBytes: model.downloadBytes,
    state: problem ?? status,
  };
}
