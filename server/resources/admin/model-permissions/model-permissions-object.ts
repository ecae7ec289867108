import type { ModelPermissions } from "@headrace/contract/admin/model-permissions.ts";
import type { ProjectSettings } from "../../../identity/tenant-settings.ts";

/** A project that nothing was set for may ask every model: it denies none. */
export function toModelPermissions({ models }: ProjectSettings): ModelPermissions {
  return {
    object: "project.model_permissions",
    mode: models?.mode ?? "deny_list",
    model_ids: [...(models?.modelIds ?? [])],
  };
}
