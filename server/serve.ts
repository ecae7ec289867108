import { totalmem } from "node:os";
import { ModelError } from "@headrace/engine/library/errors.ts";
import { isHuggingFaceReachable, selectDefaultModels } from "@headrace/engine/select-models.ts";
import { BatchedStream } from "./adapters/logger/batched-stream.ts";
import { createLogger } from "./adapters/logger/json-logger.ts";
import { ProgressLine } from "./cli/terminal.ts";
import { type Config, loadConfig } from "./config/config.ts";
import type { Environment } from "./config/environment.ts";
import { openFoundation } from "./foundation.ts";
import type { FirstKeys } from "./identity/first-start.ts";
import { type Platform, startPlatform } from "./platform.ts";
import type { Logger } from "./ports/logger.ts";
import { askForShortSlices } from "./system/short-slices.ts";

/**
 * Serves until SIGTERM or SIGINT: environment -> config -> platform -> models -> ready.
 * @throws ConfigError, FolderInUseError, and what the database's first start throws.
 */
export async function serve({ environment, cwd }: { environment: Environment; cwd: string }): Promise<void> {
  const stopAsked = untilSignal();
  const config = loadConfig(environment, cwd);
  const logger = createLogger({
    level: config.log.level,
    // A person at a terminal sees each line as it comes.
    stream: process.stdout.isTTY ? process.stdout : new BatchedStream(process.stdout),
    bufferBytesMax: config.limits.logBufferBytesMax,
  });
  askForShortSlices(logger);
  await using foundation = await openFoundation(config, logger);
  await using platform = await startPlatform(config, foundation, logger);
  if (foundation.firstKeys) showFirstKeys(foundation.firstKeys, config, platform.url);
  const abort = new AbortController();
  const starting = pullModels(config, platform, logger, abort.signal).then(() => {
    platform.markReady();
    process.stdout.write(`headrace ready on ${platform.url}\n`);
  });
  const signal = await Promise.race([stopAsked, starting.then(() => stopAsked)]);
  abort.abort(new Error("the server is stopping"));
  // Who presses Ctrl-C has no balancer that has to notice first.
  if (signal === "SIGTERM") {
    logger.log("info", "stopping: /readyz says no, requests are still taken", { seconds: config.drainMs / 1000 });
    await platform.drain();
  }
  logger.log("info", "stopping: finishing the running requests");
}

function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });
}

/** Fetches the models that should be here; what can't be had is said, and is no reason not to serve. */
async function pullModels(config: Config, platform: Platform, logger: Logger, signal: AbortSignal): Promise<void> {
  const ids = await wantedModels(config, platform);
  platform.models.want(ids);
  const progress = new ProgressLine(process.stderr);
  for (const id of ids) {
    try {
      await platform.library.pull(id, {
        onProgress: ({ modelId, ...rest }) => progress.show({ model: modelId, ...rest }),
        signal,
      });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ModelError)) throw error;
      progress.end();
      logger.log("warn", `The model ${id} could not be fetched; what needs it answers 503. ${error.message}`);
    }
  }
  progress.end();
  await platform.models.refresh();
}

async function wantedModels({ models, modelSources, file }: Config, { models: local }: Platform): Promise<string[]> {
  const aliased = file.models.filter((alias) => alias.provider === "local").map((alias) => alias.model);
  switch (models.kind) {
    case "none":
      return [];
    case "list":
      return [...new Set([...models.names, ...aliased])];
    case "default": {
      // A later start finds what the first one chose, or what was pulled since, and asks nobody.
      const here = local.installed();
      if (here.some(({ apis }) => apis.has("chat")) && here.some(({ apis }) => apis.has("embeddings"))) return aliased;
      const huggingFace = await isHuggingFaceReachable(modelSources.huggingFaceUrl.href);
      const chosen = selectDefaultModels({ memoryBytes: totalmem() }, { huggingFace });
      return [...new Set([...chosen.map((model) => model.id), ...aliased])];
    }
  }
}

function showFirstKeys(keys: FirstKeys, config: Config, url: string): void {
  process.stdout.write(
    [
      "",
      `Your first keys, shown once (also kept in ${config.dataFolder}/first-keys.json):`,
      `  project   ${keys.project}`,
      `  admin     ${keys.admin}`,
      `  operator  ${keys.operator}`,
      `The API: ${config.publicUrl ?? url}/v1    its reference: ${config.publicUrl ?? url}/docs`,
      "",
      "",
    ].join("\n"),
  );
}
