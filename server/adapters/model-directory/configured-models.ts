import type { ModelAlias } from "../../config/headrace-yaml.ts";
import type { Deployment, ModelDirectory, Upstream } from "../../ports/upstream.ts";

/** A model of the engine inside. */
export type LocalModel = Pick<Deployment, "model" | "apis" | "ownedBy" | "createdAt">;

export type LocalSource = {
  readonly upstream: Upstream;
  /** The models whose files are here. */
  installed(): readonly LocalModel[];
  /** Those, and the ones that should be: asking for them says what is missing instead of "unknown model". */
  expected(): readonly LocalModel[];
};

export type ConfiguredModelsOptions = {
  readonly aliases: readonly ModelAlias[];
  readonly providers: ReadonlyMap<string, Upstream>;
  readonly local: LocalSource;
  /** Unix seconds; what stands in for the creation time of a provider's model. */
  readonly configuredAt: number;
};

/** The engine's models under their own names, and what headrace.yaml adds; an alias wins over a local name. */
export class ConfiguredModels implements ModelDirectory {
  readonly #options: ConfiguredModelsOptions;
  readonly #configured: ReadonlyMap<string, Deployment>;

  constructor(options: ConfiguredModelsOptions) {
    this.#options = options;
    this.#configured = new Map(
      options.aliases.flatMap((alias) => {
        const upstream = options.providers.get(alias.provider);
        return upstream === undefined ? [] : [[alias.name, this.#toDeployment(alias, upstream)]];
      }),
    );
  }

  list(): readonly Deployment[] {
    const installed = this.#local(this.#options.local.installed());
    const aliases = this.#options.aliases.flatMap((alias) => toLocalAlias(alias, installed) ?? []);
    const named = new Map([...installed, ...aliases].map((each) => [each.model, each]));
    for (const [name, deployment] of this.#configured) named.set(name, deployment);
    return [...named.values()].sort((a, b) => (a.model < b.model ? -1 : 1));
  }

  find(model: string): Deployment | undefined {
    const configured = this.#configured.get(model);
    if (configured) return configured;
    const expected = this.#local(this.#options.local.expected());
    const alias = this.#options.aliases.find((each) => each.name === model && each.provider === "local");
    return alias ? toLocalAlias(alias, expected) : expected.find((each) => each.model === model);
  }

  #local(models: readonly LocalModel[]): Deployment[] {
    const { upstream } = this.#options.local;
    return models.map((model) => ({ ...model, upstreamModel: model.model, upstream }));
  }

  #toDeployment(alias: ModelAlias, upstream: Upstream): Deployment {
    return {
      model: alias.name,
      upstreamModel: alias.model,
      upstream,
      ownedBy: upstream.id,
      createdAt: this.#options.configuredAt,
      apis: narrowed(upstream.apis, alias.apis),
    };
  }
}

/** Undefined while the model behind the alias is not there. */
function toLocalAlias(alias: ModelAlias, local: readonly Deployment[]): Deployment | undefined {
  if (alias.provider !== "local") return undefined;
  const target = local.find((each) => each.model === alias.model);
  return target && { ...target, model: alias.name, apis: narrowed(target.apis, alias.apis) };
}

function narrowed(apis: Deployment["apis"], to: Deployment["apis"] | undefined): Deployment["apis"] {
  return to === undefined ? apis : new Set([...apis].filter((api) => to.has(api)));
}
