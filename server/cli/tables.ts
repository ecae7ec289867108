import type { Health } from "@headrace/contract/headrace/health.ts";
import type { ModelState, OrganizationSummary } from "../control/control-service.ts";
import type { KeySummary } from "../identity/key-service.ts";
import { table } from "./terminal.ts";

export function keysTable(keys: readonly KeySummary[]): string {
  return table(
    ["id", "kind", "key", "name", "project", "created", "revoked"],
    keys.map((key) => [
      key.id,
      key.kind,
      key.redacted,
      key.name,
      key.projectId ?? "-",
      key.createdAt.slice(0, 10),
      key.revokedAt?.slice(0, 10) ?? "-",
    ]),
  );
}

export function modelsTable(models: readonly ModelState[]): string {
  return table(
    ["model", "kind", "licence", "size", "state"],
    models.map((model) => [
      model.id,
      model.kind,
      model.licence,
      model.downloadBytes === undefined ? "-" : `${Math.round(model.downloadBytes / 1e6)} MB`,
      model.state,
    ]),
  );
}

export function organizationsTable(organizations: readonly OrganizationSummary[]): string {
  return table(
    ["id", "status", "created", "name"],
    organizations.map(({ id, status, createdAt, name }) => [id, status, createdAt.slice(0, 10), name]),
  );
}

/** One line for the whole server, and one for each part with what it tells of itself. */
export function healthText({ status, version, uptime_seconds: uptimeSeconds, parts }: Health): string {
  const rows = Object.entries(parts).map(([name, { status: partStatus, problem, ...facts }]) => [
    name,
    partStatus,
    problem ?? "-",
    Object.entries(facts)
      .map(([fact, value]) => `${fact}=${typeof value === "object" ? JSON.stringify(value) : value}`)
      .join(" "),
  ]);
  const head = `${status}  headrace ${version}, up for ${uptimeSeconds} s`;
  return `${head}\n\n${table(["part", "status", "problem", "facts"], rows)}`;
}
