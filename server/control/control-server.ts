import { createOperatorApiKeyBody } from "@headrace/contract/headrace/operator-api-keys.ts";
import { createOrganizationBody, updateOrganizationBody } from "@headrace/contract/headrace/organizations.ts";
import { z } from "zod";
import { describe } from "../http/render.ts";
import type { Logger } from "../ports/logger.ts";
import type { ControlService } from "./control-service.ts";

const id = z.strictObject({ id: z.string().min(1).max(256) });

const organizationId = z.string().min(1).max(256).optional();

const requests = {
  createKey: z.strictObject({
    name: z.string().min(1).max(256),
    projectId: z.string().max(256).optional(),
    user: z.string().min(1).max(256).optional(),
  }),
  createOperatorKey: createOperatorApiKeyBody,
  listKeys: z.strictObject({}),
  revokeKey: id,
  createOrganization: createOrganizationBody,
  listOrganizations: z.strictObject({}),
  updateOrganization: updateOrganizationBody.extend({ id: z.string().min(1).max(256) }),
  health: z.strictObject({}),
  listModels: z.strictObject({}),
  pullModel: id,
  removeModel: id,
  verifyAudit: z.strictObject({ organizationId, checkpointsFile: z.string().startsWith("/").max(4_096).optional() }),
  exportAuditCheckpoints: z.strictObject({ organizationId }),
} as const satisfies Record<keyof ControlService, z.ZodType>;

/**
 * An empty line is sent in a silence of this length: Bun cuts a Unix socket after 10 seconds without a byte, and a check
 * of gigabytes takes longer. In milliseconds.
 */
const silenceMs = 3_000;

/** One line of the answer. The last one is `result` or `error`; progress and empty lines may come before it. */
export type ControlLine =
  | { readonly kind: "progress"; readonly value: unknown }
  | { readonly kind: "result"; readonly value: unknown }
  | { readonly kind: "error"; readonly message: string };

/**
 * Answers the command line: `POST /<method>` with a JSON object, answered in JSON lines. Who may open the socket file may
 * do all of it: it lies in the data folder, mode 0600, as the keys do.
 */
export function createControlHandler(service: ControlService, logger: Logger): (request: Request) => Promise<Response> {
  return async (request) => {
    const method = new URL(request.url).pathname.slice(1);
    if (!isMethod(method))
      return Response.json({ kind: "error", message: `There is no command '${method}'.` }, { status: 404 });
    const parsed = requests[method].safeParse(await request.json());
    if (!parsed.success)
      return Response.json({ kind: "error", message: z.prettifyError(parsed.error) }, { status: 400 });
    return new Response(answer(service, method, parsed.data, logger), {
      headers: { "content-type": "application/jsonl" },
    });
  };
}

function isMethod(name: string): name is keyof ControlService {
  return Object.hasOwn(requests, name);
}

function answer(
  service: ControlService,
  method: keyof ControlService,
  parameters: unknown,
  logger: Logger,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const lines: ControlLine[] = [];
  let wake: () => void = () => {};
  const say = (line: ControlLine): void => {
    lines.push(line);
    wake();
  };
  void call(service, method, parameters, (value) => say({ kind: "progress", value })).then(
    (value) => say({ kind: "result", value: value ?? null }),
    (error: unknown) => {
      logger.log("warn", "a command failed", { method, error: describe(error) });
      say({ kind: "error", message: error instanceof Error ? error.message : String(error) });
    },
  );
  return new ReadableStream({
    async pull(controller) {
      if (lines.length === 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, silenceMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      const line = lines.shift();
      controller.enqueue(encoder.encode(line === undefined ? "\n" : `${JSON.stringify(line)}\n`));
      if (line !== undefined && line.kind !== "progress") controller.close();
    },
  });
}

function call(
  service: ControlService,
  method: keyof ControlService,
  parameters: unknown,
  onProgress: (value: unknown) => void,
): Promise<unknown> {
  switch (method) {
    case "createKey": {
      const { name, projectId, user } = requests.createKey.parse(parameters);
      return service.createKey({ name, projectId, user });
    }
    case "createOperatorKey":
      return service.createOperatorKey(requests.createOperatorKey.parse(parameters));
    case "listKeys":
      return service.listKeys();
    case "revokeKey":
      return service.revokeKey(id.parse(parameters).id);
    case "createOrganization":
      return service.createOrganization(requests.createOrganization.parse(parameters));
    case "listOrganizations":
      return service.listOrganizations();
    case "updateOrganization":
      return service.updateOrganization(requests.updateOrganization.parse(parameters));
    case "health":
      return service.health();
    case "listModels":
      return service.listModels();
    case "pullModel":
      return service.pullModel(id.parse(parameters).id, onProgress);
    case "removeModel":
      return service.removeModel(id.parse(parameters).id);
    case "verifyAudit": {
      const { organizationId, checkpointsFile } = requests.verifyAudit.parse(parameters);
      return service.verifyAudit({ organizationId, checkpointsFile });
    }
    case "exportAuditCheckpoints": {
      const { organizationId } = requests.exportAuditCheckpoints.parse(parameters);
      return service.exportAuditCheckpoints({ organizationId }, onProgress);
    }
  }
}
