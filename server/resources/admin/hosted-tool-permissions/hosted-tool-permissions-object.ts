import type { HostedToolPermissions } from "@headrace/contract/admin/hosted-tool-permissions.ts";
import type { ProjectSettings } from "../../../identity/tenant-settings.ts";

export function toHostedToolPermissions({ hostedTools }: ProjectSettings): HostedToolPermissions {
  return {
    code_interpreter: { enabled: hostedTools.code_interpreter },
    file_search: { enabled: hostedTools.file_search },
    image_generation: { enabled: hostedTools.image_generation },
    mcp: { enabled: hostedTools.mcp },
    web_search: { enabled: hostedTools.web_search },
  };
}
