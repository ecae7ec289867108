import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { howToPull, ModelError } from "./errors.ts";
import { sha256OfFile } from "./hash.ts";

/** What was installed and how it looked then; stands in `manifest.json` beside the model's file. */
type Manifest = {
  readonly id: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly modifiedMs: number;
};

export type InstalledModel = { readonly id: string; readonly path: string; readonly bytes: number };

/** Writes the manifest of a file whose hash was just compared. It is what makes a model installed. */
export async function writeManifest(folder: string, id: string, file: string, sha256: string): Promise<InstalledModel> {
  const path = join(folder, file);
  const { size, mtimeMs } = await stat(path);
  const manifest: Manifest = { id, file, bytes: size, sha256, modifiedMs: mtimeMs };
  await writeFile(join(folder, "manifest.json.new"), `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(join(folder, "manifest.json.new"), join(folder, "manifest.json"));
  return { id, path, bytes: size };
}

/**
 * The installed model of a folder, undefined where there is none. A file of another size or date than at its
 * installation is hashed anew (about 1 s per GB); throws a ModelError `corrupt` where it is not the same any more.
 */
export async function readInstalled(folder: string, id: string): Promise<InstalledModel | undefined> {
  const manifest = await readManifest(folder, id);
  if (manifest === undefined) return undefined;
  const path = join(folder, manifest.file);
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found === undefined) throw corrupt(id, `its file ${path} is gone`);
  if (found.size !== manifest.bytes) throw corrupt(id, `its file has ${found.size} bytes instead of ${manifest.bytes}`);
  if (found.mtimeMs === manifest.modifiedMs) return { id, path, bytes: found.size };
  if ((await sha256OfFile(path)) !== manifest.sha256) throw corrupt(id, "its file was changed after its installation");
  return writeManifest(folder, id, manifest.file, manifest.sha256);
}

async function readManifest(folder: string, id: string): Promise<Manifest | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, "manifest.json"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as Manifest;
  } catch (cause) {
    throw new ModelError("corrupt", `The model ${id} has a broken manifest. ${howToPull(id)} to fetch it again.`, {
      cause,
    });
  }
}

const corrupt = (id: string, what: string): ModelError =>
  new ModelError("corrupt", `The model ${id} is corrupt: ${what}. ${howToPull(id)} to fetch it again.`);
