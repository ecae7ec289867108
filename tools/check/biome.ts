import { join } from "node:path";
import { runCommand } from "../common/run-command.ts";
import type { Check, Finding } from "./check.ts";

type BiomeReport = {
  summary: { changed: number; unchanged: number };
  diagnostics: {
    severity: string;
    category: string;
    message: string;
    location?: { path?: string; start?: { line: number } };
  }[];
};

/** Formatting and lint rules, by Biome; warnings count, so that none piles up. */
export const biome: Check = {
  name: "biome",
  async run(repository) {
    const program = join(repository.root, "node_modules", "@biomejs", "biome", "bin", "biome");
    const commandArguments = [program, "ci", "--reporter=json", "--max-diagnostics=200", "--error-on-warnings", "."];
    const { stdout, stderr } = await runCommand(process.execPath, commandArguments, {
      cwd: repository.root,
      env: { ...process.env, NO_COLOR: "1" },
    });
    const json = stdout.slice(stdout.indexOf("{"), stdout.lastIndexOf("}") + 1);
    if (json === "") throw new Error(`Biome wrote no report: ${stderr}`);
    const { summary, diagnostics } = JSON.parse(json) as BiomeReport;
    const findings = diagnostics
      .filter(({ severity }) => severity !== "info")
      .map(
        ({ category, message, location }): Finding => ({
          file: location?.path ?? "biome.json",
          line: location?.start?.line ?? 0,
          message: `${message} (${category})`,
        }),
      );
    return { looked: summary.changed + summary.unchanged, findings };
  },
};
