import {
  type CoverageGroup,
  type CoveredOperation,
  type CoveredSocket,
  coverage,
} from "@headrace/contract/coverage/coverage.ts";
import type { GeneratedFile } from "./generated-file.ts";

const mark = (served: boolean) => (served ? "yes" : "no");

function operationRow(operation: CoveredOperation): string {
  const notes = [
    operation.deprecated ? "deprecated" : "",
    operation.betaHeader ? `beta: \`${operation.betaHeader}\`` : "",
  ];
  const cells = [
    `\`${operation.method} ${operation.path}\``,
    `\`${operation.sdkMethod}\``,
    mark(operation.served),
    notes.filter((note) => note !== "").join(", "),
  ];
  return `| ${cells.join(" | ")} |`;
}

function groupSection(group: CoverageGroup): string {
  return [
    `## ${group.group}`,
    "",
    `${group.served} of ${group.total} served.`,
    "",
    "| operation | SDK | served | |",
    "|---|---|---|---|",
    ...group.operations.map(operationRow),
  ].join("\n");
}

function socketRow({ path, sdkClass, betaHeader, served }: CoveredSocket): string {
  return `| ${[`\`WS ${path}\``, `\`${sdkClass}\``, mark(served), betaHeader === null ? "" : `beta: \`${betaHeader}\``].join(" | ")} |`;
}

function page(): string {
  const { served, total, groups, sockets } = coverage();
  const summary = groups.map((group) => `| ${group.group} | ${group.served} | ${group.total} |`);
  return `${[
    "# Which of OpenAI's operations Headrace serves",
    "",
    "Generated from the contract by `npm run generate`; do not edit. The same as JSON: `GET /docs/coverage.json`.",
    "An operation that is not served answers 501 `not_implemented`. Paths with `?beta=true` are the twins of the",
    "multi-agent beta.",
    "",
    "| group | served | operations |",
    "|---|---|---|",
    ...summary,
    `| **all** | **${served}** | **${total}** |`,
    "",
    groups.map(groupSection).join("\n\n"),
    "",
    "## WebSockets",
    "",
    "Not counted above.",
    "",
    "| path | SDK | served | |",
    "|---|---|---|---|",
    ...sockets.map(socketRow),
  ].join("\n")}\n`;
}

/** The table of what is served, for readers. */
export const coverageFile: GeneratedFile = { path: "docs/coverage.md", content: page };
