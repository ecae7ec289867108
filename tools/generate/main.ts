import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { root } from "../common/root.ts";
import { outputs } from "./outputs.ts";

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes every generated file that is not what its generator says, and names it. */
for (const output of outputs) {
  const path = join(root, output.path);
  const text = output.content();
  const isFresh = (await readIfThere(path)) === text;
  if (!isFresh) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  process.stdout.write(`${isFresh ? "unchanged" : "written  "}  ${output.path}\n`);
}
