import type { AuditVerification } from "../audit/audit-command.ts";
import type { KeySummary } from "../identity/key-service.ts";
import type { ControlLine } from "./control-server.ts";
import { ControlError, type ControlService, type ModelState, type PullProgress } from "./control-service.ts";

/** The running server behind a control socket. */
export function connectControl(socketPath: string): ControlService {
  const call = <Result>(
    method: keyof ControlService,
    parameters: object,
    onProgress?: (value: unknown) => void,
  ): Promise<Result> => send<Result>(socketPath, method, parameters, onProgress);
  return {
    createKey: (options) => call<{ id: string; key: string }>("createKey", options),
    createOperatorKey: (options) => call<{ id: string; key: string }>("createOperatorKey", options),
    listKeys: () => call<KeySummary[]>("listKeys", {}),
    revokeKey: (id) => call<void>("revokeKey", { id }),
    createOrganization: (options) => call("createOrganization", options),
    listOrganizations: () => call("listOrganizations", {}),
    updateOrganization: (change) => call("updateOrganization", change),
    health: () => call("health", {}),
    listModels: () => call<ModelState[]>("listModels", {}),
    pullModel: (id, onProgress) => call<void>("pullModel", { id }, (value) => onProgress(value as PullProgress)),
    removeModel: (id) => call<void>("removeModel", { id }),
    verifyAudit: (options) => call<AuditVerification>("verifyAudit", options),
    exportAuditCheckpoints: (options, onLines) =>
      call<void>("exportAuditCheckpoints", options, (lines) => onLines(lines as string[])),
  };
}

async function send<Result>(
  socketPath: string,
  method: string,
  parameters: object,
  onProgress: (value: unknown) => void = () => {},
): Promise<Result> {
  const response = await fetch(`http://control/${method}`, {
    unix: socketPath,
    method: "POST",
    body: JSON.stringify(parameters),
  });
  if (response.body === null) throw new ControlError("The server gave no answer.");
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of response.body) {
    rest += decoder.decode(bytes, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) {
      if (text === "") continue;
      const line = JSON.parse(text) as ControlLine;
      if (line.kind === "result") return line.value as Result;
      if (line.kind === "error") throw new ControlError(line.message);
      onProgress(line.value);
    }
  }
  if (rest.trim() !== "") throw new ControlError((JSON.parse(rest) as Extract<ControlLine, { kind: "error" }>).message);
  throw new ControlError("The server stopped before the command was done.");
}
