import type { GeneratedFile } from "../generate/generated-file.ts";
import { outputs } from "../generate/outputs.ts";
import type { Check, Finding } from "./check.ts";
import type { Repository } from "./repository.ts";

function findingsOf(output: GeneratedFile, repository: Repository): readonly Finding[] {
  const committed = repository.files.find(({ path }) => path === output.path);
  const message = "is not what its generator writes; run: npm run generate";
  if (!committed) return [{ file: output.path, line: 0, message }];
  const fresh = output.content().split("\n");
  const lines = committed.text.split("\n");
  if (fresh.length === lines.length && fresh.every((line, index) => line === lines[index])) return [];
  const line = fresh.findIndex((text, index) => text !== lines[index]);
  return [{ file: output.path, line: (line === -1 ? fresh.length : line) + 1, message }];
}

/** The check over a given list, so that a test can bring its own. */
export function generatedFresh(files: readonly GeneratedFile[]): Check {
  return {
    name: "generated files",
    run(repository) {
      return { looked: files.length, findings: files.flatMap((file) => findingsOf(file, repository)) };
    },
  };
}

/** Every committed file that a program writes is what the program writes now. */
export const generatedFilesFresh = generatedFresh(outputs);
