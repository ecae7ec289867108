import { join } from "node:path";
import { runCommand } from "../common/run-command.ts";
import type { Check } from "./check.ts";

const errorPattern = /^(?<file>[^\s(][^(]*)\((?<line>\d+),\d+\): (?<message>error TS\d+: .*)$/gm;

/** TypeScript, strict. The files that it looked at are those of this checkout that the compiler names itself. */
export const types: Check = {
  name: "types",
  async run(repository) {
    const program = join(repository.root, "node_modules", "typescript", "bin", "tsc");
    const commandArguments = [program, "-p", ".", "--pretty", "false", "--listFiles"];
    const { stdout, stderr, exitCode } = await runCommand(process.execPath, commandArguments, { cwd: repository.root });
    const findings = [...stdout.matchAll(errorPattern)].map(({ groups }) => ({
      file: groups?.file ?? "",
      line: Number(groups?.line),
      message: groups?.message ?? "",
    }));
    if (exitCode !== 0 && findings.length === 0) throw new Error(`tsc ended with ${exitCode}: ${stdout}${stderr}`);
    const ownFile = (line: string): boolean => line.startsWith(repository.root) && !line.includes("/node_modules/");
    return { looked: stdout.split("\n").filter(ownFile).length, findings };
  },
};
