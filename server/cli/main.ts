import { readEnvironment } from "../config/environment.ts";
import { reportFailure } from "./report-failure.ts";
import { runCommand } from "./run-command.ts";

await reportFailure(() => runCommand(process.argv.slice(2), { environment: readEnvironment(), cwd: process.cwd() }));
