import { root } from "../common/root.ts";
import { renderFinding, runCheck } from "./check.ts";
import { checks } from "./checks.ts";
import { describeLengths } from "./longest-files.ts";
import { readRepository } from "./repository.ts";

const repository = readRepository(root);
let failed = 0;
for (const check of checks) {
  const { name, looked, findings } = await runCheck(check, repository);
  if (findings.length > 0) failed += 1;
  process.stdout.write(`${findings.length === 0 ? "ok  " : "FAIL"}  ${name} (${looked} looked at)\n`);
  for (const finding of findings) process.stdout.write(`${renderFinding(finding)}\n`);
}
process.stdout.write(`\n${describeLengths(repository)}`);
process.exitCode = failed === 0 ? 0 : 1;
