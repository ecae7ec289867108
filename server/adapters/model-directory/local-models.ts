import type { ModelLibrary, ModelState } from "@headrace/engine/library/model-library.ts";
import type { Upstream, UpstreamApi } from "../../ports/upstream.ts";
import type { LocalModel, LocalSource } from "./configured-models.ts";

const apisOf: Record<ModelState["model"]["kind"], ReadonlySet<UpstreamApi>> = {
  chat: new Set<UpstreamApi>(["chat", "completions"]),
  embedding: new Set<UpstreamApi>(["embeddings"]),
};

/** The library's models as the directory sees them: read from disk when something changed, answered from memory. */
export class LocalModels implements LocalSource {
  readonly upstream: Upstream;
  readonly #library: ModelLibrary;
  /** Names that should be here, whether they are or not. */
  readonly #wanted: Set<string>;
  readonly #knownAtSeconds: number;
  #states: readonly ModelState[] = [];

  constructor(upstream: Upstream, library: ModelLibrary, knownAtSeconds: number) {
    this.upstream = upstream;
    this.#library = library;
    this.#wanted = new Set();
    this.#knownAtSeconds = knownAtSeconds;
  }

  want(ids: readonly string[]): void {
    for (const id of ids) this.#wanted.add(id);
  }

  async refresh(): Promise<void> {
    this.#states = await this.#library.list();
  }

  installed(): readonly LocalModel[] {
    return this.#states.filter(({ status }) => status === "installed").map((state) => this.#toLocalModel(state));
  }

  expected(): readonly LocalModel[] {
    return this.#states
      .filter(({ model, status }) => status !== "missing" || this.#wanted.has(model.id))
      .map((state) => this.#toLocalModel(state));
  }

  /** A sentence for each wanted model that is not here: what it is, and what to do. */
  missing(): string[] {
    return this.#states
      .filter(({ model, status }) => status !== "installed" && this.#wanted.has(model.id))
      .map(
        ({ model, status, problem }) => problem ?? `The model ${model.id} is ${status}. ${remedyFor(status, model.id)}`,
      );
  }

  #toLocalModel({ model }: ModelState): LocalModel {
    return { model: model.id, apis: apisOf[model.kind], ownedBy: "headrace", createdAt: this.#knownAtSeconds };
  }
}

function remedyFor(status: ModelState["status"], id: string): string {
  return status === "downloading" ? "Wait until it is there." : `Run \`npm run headrace -- models pull ${id}\`.`;
}
