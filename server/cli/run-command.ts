import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { toOpenApi } from "@headrace/contract/openapi.ts";
import { operations } from "@headrace/contract/operations.ts";
import { program } from "@headrace/contract/program.ts";
import { describeReport } from "../audit/audit-command.ts";
import type { Environment } from "../config/environment.ts";
import type { ControlService } from "../control/control-service.ts";
import { serve } from "../serve.ts";
import { withControl } from "./open-control.ts";
import { ProgressLine, table } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

export type CommandContext = { readonly environment: Environment; readonly cwd: string };

const help = `headrace ${program.version}

  serve                                 serves until it is told to stop
  models list                           the models that the engine knows, and which are here
  models pull NAME                      downloads a model
  models remove NAME                    deletes a model's files
  keys create [--name TEXT] [--project ID] [--user ID-OR-EMAIL]
                                        makes a project key, a user's or nobody's, and prints it once
  keys list                             all keys, without their secrets
  keys revoke ID                        ends a key; servers refuse it within seconds
  audit verify [--organization ID] [--checkpoints FILE]
                                        finds every change of the audit logs; FILE: checkpoints that were kept elsewhere
  audit checkpoints [--organization ID] prints the signed checkpoints, to be kept elsewhere
  openapi                               prints the API's OpenAPI 3.1 document

While a server runs on the same data folder, these talk to it.`;

/** Commands that are planned and not there yet: said plainly instead of "unknown". */
const notServedYet = new Set(["organizations", "apply", "config", "backup", "restore", "doctor"]);

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
    case "keys create":
      return control(async (service) => {
        const made = await service.createKey({
          name: values.name ?? "Created on the command line",
          projectId: values.project,
          user: values.user,
        });
        print(`${made.key}\n\nThis is key ${made.id}. It is shown once: keep it now.`);
      });
    case "keys list":
      return control(async (service) => print(keysTable(await service.listKeys())));
    case "keys revoke": {
      const id = argument("key id");
      await control((service) => service.revokeKey(id));
      return print(`Key ${id} is revoked.`);
    }
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
        organization: { type: "string" },
        checkpoints: { type: "string" },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${help}`, { cause: error });
  }
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

function keysTable(keys: Awaited<ReturnType<ControlService["listKeys"]>>): string {
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

function modelsTable(models: Awaited<ReturnType<ControlService["listModels"]>>): string {
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
