import { spawn } from "node:child_process";

export type CommandResult = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/**
 * Runs a command to its end and gives back what it wrote; never rejects because of an exit code.
 * `show` lets its output through to the terminal as it comes, besides keeping it.
 * Rejects where the command can't be started at all (ENOENT).
 */
export function runCommand(
  command: string,
  commandArguments: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv; show?: boolean },
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, commandArguments, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (options.show) process.stdout.write(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (options.show) process.stderr.write(text);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ exitCode: code ?? 1, stdout, stderr }));
  });
}
