import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { UpdateOrganizationBody } from "@headrace/contract/headrace/organizations.ts";
import { toOpenApi } from "@headrace/contract/openapi.ts";
import { operations } from "@headrace/contract/operations.ts";
import { program } from "@headrace/contract/program.ts";
import { describeReport } from "../audit/audit-command.ts";
import type { Environment } from "../config/environment.ts";
import type { ControlService } from "../control/control-service.ts";
import { serve } from "../serve.ts";
import { withControl, withRunningServer } from "./open-control.ts";
import { healthText, keysTable, modelsTable, organizationsTable } from "./tables.ts";
import { ProgressLine } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

export type CommandContext = { readonly environment: Environment; readonly cwd: string };

const help = `headrace ${program.version}

  serve                                 serves until it is told to stop
  models list                           the models that the engine knows, and which are here
  models pull NAME                      downloads a model
  models remove NAME                    deletes a model's files
  keys create [--name TEXT] [--project ID] [--user ID-OR-EMAIL]
                                        makes a project key, a user's or nobody's, and prints it once
  keys create --kind operator [--name TEXT]
                                        makes an operator key and prints it once
  keys list                             all keys, without their secrets
  keys revoke ID                        ends a key; servers refuse it within seconds. An organization's last admin key and
                                        the last operator key stay, as over the API
  organizations create --name TEXT      makes an organization and prints its first admin key once
  organizations list                    all organizations
  organizations suspend ID              refuses all keys of an organization
  organizations resume ID               takes it up again
  organizations rename ID --name TEXT   gives it another name
  health                                how the running server is, part by part
  audit verify [--organization ID] [--checkpoints FILE]
                                        finds every change of the audit logs; FILE: checkpoints that were kept elsewhere
  audit checkpoints [--organization ID] prints the signed checkpoints, to be kept elsewhere
  openapi                               prints the API's OpenAPI 3.1 document

While a server runs on the same data folder, these talk to it.`;

/** Commands that are planned and not there yet: said plainly instead of "unknown". */
const notServedYet = new Set(["apply", "config", "backup", "restore", "doctor"]);

/** Runs one command line. @throws UsageError for one that can't be understood. */
export async function runCommand(words: readonly string[], context: CommandContext): Promise<void> {
  const { values, positionals } = readWords(words);
  const [noun, verb, ...rest] = positionals;
  const command = verb === undefined ? noun : `${noun} ${verb}`;
  const argument = (what: string): string => {
    const [only] = rest;
    if (only === undefined || rest.length > 1) throw new UsageError(`'${command}' takes exactly one ${what}.`);
    return only;
  };
  const control = <Result>(work: (service: ControlService) => Promise<Result>): Promise<Result> =>
    withControl(context, work);
  switch (command) {
    case undefined:
    case "help":
      return print(help);
    case "serve":
      return serve(context);
    case "openapi":
      return print(JSON.stringify(toOpenApi(operations, program), null, 2));
    case "keys create": {
      const kind = kindOf(values);
      const name = values.name ?? "Created on the command line";
      return control(async (service) => {
        const made = await (kind === "operator"
          ? service.createOperatorKey({ name })
          : service.createKey({ name, projectId: values.project, user: values.user }));
        print(`${made.key}\n\nThis is key ${made.id}. It is shown once: keep it now.`);
      });
    }
    case "keys list":
      return control(async (service) => print(keysTable(await service.listKeys())));
    case "keys revoke": {
      const id = argument("key id");
      await control((service) => service.revokeKey(id));
      return print(`Key ${id} is revoked.`);
    }
    case "organizations create": {
      const name = named(values.name);
      return control(async (service) => {
        const { organization, adminKey } = await service.createOrganization({ name });
        print(`${adminKey.value}\n\nThis is the first admin key of ${organization.id}. It is shown once: keep it now.`);
      });
    }
    case "organizations list":
      return control(async (service) => print(organizationsTable(await service.listOrganizations())));
    case "organizations suspend":
    case "organizations resume":
    case "organizations rename": {
      const id = argument("organization id");
      const change = changeOf(command, values.name);
      return control(async (service) => {
        const { name, status } = await service.updateOrganization({ id, ...change });
        print(`The organization ${id} (${name}) is ${status}.`);
      });
    }
    case "health":
      return withRunningServer(context, async (service) => {
        const health = await service.health();
        print(healthText(health));
        if (health.status !== "ok") process.exitCode = 1;
      });
    case "models list":
      return control(async (service) => print(modelsTable(await service.listModels())));
    case "models pull": {
      const id = argument("model name");
      const line = new ProgressLine(process.stderr);
      await control((service) => service.pullModel(id, (progress) => line.show(progress)));
      line.end();
      return print(`The model ${id} is here.`);
    }
    case "models remove": {
      const id = argument("model name");
      await control((service) => service.removeModel(id));
      return print(`The model ${id} is removed.`);
    }
    case "audit verify":
      return control(async (service) => {
        const { publicKey, reports } = await service.verifyAudit({
          organizationId: values.organization,
          checkpointsFile: values.checkpoints && existingFile(context.cwd, values.checkpoints),
        });
        print([...reports.map(describeReport), "", "Checkpoints are signed with (Ed25519)", publicKey].join("\n"));
        if (reports.some((report) => !report.ok)) process.exitCode = 1;
      });
    case "audit checkpoints":
      return control((service) =>
        service.exportAuditCheckpoints({ organizationId: values.organization }, (lines) => print(lines.join("\n"))),
      );
    default:
      throw new UsageError(
        notServedYet.has(noun ?? "")
          ? `'${noun}' is planned, but this version does not have it yet.`
          : `There is no command '${positionals.join(" ")}'.\n\n${help}`,
      );
  }
}

function readWords(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        name: { type: "string" },
        project: { type: "string" },
        user: { type: "string" },
        kind: { type: "string" },
        organization: { type: "string" },
        checkpoints: { type: "string" },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${help}`, { cause: error });
  }
}

/** @throws UsageError for a kind that this command does not make, or a project's setting where it makes none. */
function kindOf({ kind = "project", project, user }: Partial<Record<"kind" | "project" | "user", string | undefined>>) {
  if (kind !== "project" && kind !== "operator") throw new UsageError("--kind: there are 'project' and 'operator'.");
  if (kind === "operator" && (project ?? user) !== undefined) {
    throw new UsageError("An operator key belongs to no --project and no --user.");
  }
  return kind;
}

function named(name: string | undefined): string {
  if (name === undefined) throw new UsageError("Say the organization's name: --name TEXT.");
  return name;
}

function changeOf(
  command: "organizations suspend" | "organizations resume" | "organizations rename",
  name: string | undefined,
): UpdateOrganizationBody {
  if (command === "organizations rename") return { name: named(name) };
  return { status: command === "organizations suspend" ? "suspended" : "active" };
}

/** An absolute path: the server that is asked works in another folder. */
function existingFile(cwd: string, path: string): string {
  const absolute = resolve(cwd, path);
  if (!existsSync(absolute)) throw new UsageError(`There is no file '${absolute}'.`);
  return absolute;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
