import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { ModelLibrary } from "@headrace/engine/library/model-library.ts";
import { AddressList } from "./access/address-list.ts";
import { createLocalUpstream } from "./adapters/engine/engine-supervisor.ts";
import { hmacSha256Hex } from "./adapters/hmac/hmac-sha256.ts";
import { PostgresIdempotencyStore } from "./adapters/idempotency/idempotency-store.ts";
import { createFolderMail } from "./adapters/mail/folder-mail.ts";
import { createSmtpMail } from "./adapters/mail/smtp-mail.ts";
import { ConfiguredModels } from "./adapters/model-directory/configured-models.ts";
import { LocalModels } from "./adapters/model-directory/local-models.ts";
import { OpenAiProvider } from "./adapters/provider/openai-provider.ts";
import { AuditVerifier } from "./audit/audit-verifier.ts";
import { CheckpointFile } from "./audit/checkpoint-file.ts";
import { AuditCheckpointer } from "./audit/checkpointer.ts";
import type { Config } from "./config/config.ts";
import type { MailSettings } from "./config/mail-settings.ts";
import { unixSocketPath } from "./config/socket-path.ts";
import { createControlHandler } from "./control/control-server.ts";
import { createLocalControl } from "./control/local-control.ts";
import { isDatabaseUnavailable } from "./database/database-errors.ts";
import type { Foundation } from "./foundation.ts";
import { Relay, type RelayLimits } from "./gateway/relay.ts";
import { healthParts } from "./health/health-parts.ts";
import { InstallationHealth } from "./health/installation-health.ts";
import { createRequestHandler, type Page } from "./http/api-server.ts";
import { listen } from "./http/bun-listener.ts";
import { HeartbeatWheel } from "./http/heartbeat.ts";
import { IdempotencyGuard } from "./http/idempotency.ts";
import { OpenSockets } from "./http/open-sockets.ts";
import { RefusalLog } from "./http/refusal-log.ts";
import { describe } from "./http/render.ts";
import { Router } from "./http/router.ts";
import { RunningRequests } from "./http/running-requests.ts";
import { KeyUses } from "./identity/key-uses.ts";
import { openKeyDirectory } from "./identity/open-key-directory.ts";
import { createIdGenerator } from "./inference/ids.ts";
import { ReasoningSealer } from "./inference/reasoning-seal.ts";
import { startHousekeeping } from "./jobs/housekeeping.ts";
import { type Repeated, repeat } from "./jobs/repeated.ts";
import { MailOutbox } from "./mail/mail-outbox.ts";
import { openUsageJournal } from "./metering/open-usage-journal.ts";
import { newRequestId } from "./metering/request-id.ts";
import { pages } from "./pages/index.ts";
import { systemClock } from "./ports/clock.ts";
import type { Logger } from "./ports/logger.ts";
import type { MailSender } from "./ports/mail.ts";
import type { Upstream } from "./ports/upstream.ts";
import { ChatCompletionStore } from "./resources/chat/index.ts";
import { ConversationStore } from "./resources/conversations/index.ts";
import { createEndpoints } from "./resources/index.ts";
import {
  BackgroundStore,
  ResponseItemStore,
  ResponseStore,
  RunningResponses,
  responsesSocket,
  StreamLogStore,
  StreamTails,
  startTakeOver,
  WriteBehindLog,
} from "./resources/responses/index.ts";

/** A serving platform. */
export type Platform = AsyncDisposable & {
  /** Where it listens. */
  readonly url: string;
  readonly models: LocalModels;
  readonly library: ModelLibrary;
  /** Brings all usage that has ended into the database now instead of within about a second. */
  foldUsage(): Promise<void>;
  /** Resolves when all letters so far are sent, or could not be. */
  mailSettled(): Promise<void>;
  /** From now on `/readyz` says yes, as long as nothing is wrong. */
  markReady(): void;
  /**
   * Says at `/readyz` that requests should go elsewhere, ends connections with their next answer, and goes on serving for
   * the configured time. To be called before it is disposed of, where others serve beside it.
   */
  drain(): Promise<void>;
};

/**
 * The composition root: chooses the adapters and wires them. Disposing it refuses new requests, waits for the running
 * ones, folds the journal and ends the engine; the foundation stays open.
 */
export async function startPlatform(config: Config, foundation: Foundation, logger: Logger): Promise<Platform> {
  await using parts = new AsyncDisposableStack();
  const { database, hashKey, inviteHashKey, sealKey, keys, library, audit } = foundation;
  const { limits } = config;
  const clock = systemClock;

  const keyUses = new KeyUses(database.db, clock, logger, limits.keyUseWriteMs);
  parts.defer(() => keyUses.close());
  const keyDirectory = await openKeyDirectory({
    onUsed: (keyId) => keyUses.note(keyId),
    db: database.db,
    hash: hmacSha256Hex(hashKey),
    acceptsUncheckedKeys: Object.values(config.firstKeys).some((key) => key !== undefined),
    clock,
    logger,
  });
  parts.defer(() => keyDirectory.stop());

  parts.defer(startHousekeeping(database.db, logger));
  const journal = await openUsageJournal({
    folder: join(config.dataFolder, "journal"),
    db: database.db,
    logger,
    limits,
  });
  parts.defer(() => journal.close());

  const checkpointer = await AuditCheckpointer.open({
    db: database.db,
    signingKey: audit.signingKey,
    file: new CheckpointFile(audit.checkpointsPath),
    clock,
    logger,
  });
  checkpointer.start();
  parts.defer(() => checkpointer.close());

  const engine = createLocalUpstream({ library, socketFolder: config.dataFolder, logger, ...engineSettings(config) });
  parts.defer(() => engine.stop());
  const localModels = new LocalModels(engine, library, Math.floor(clock.nowMs() / 1000));
  await localModels.refresh();
  const models = new ConfiguredModels({
    aliases: config.file.models,
    providers: new Map(
      config.file.providers.map((provider): [string, Upstream] => [
        provider.name,
        new OpenAiProvider(provider, limits.upstreamErrorBytesMax),
      ]),
    ),
    local: localModels,
    configuredAt: Math.floor(clock.nowMs() / 1000),
  });

  const outbox = new MailOutbox(createMailSender(config.mail), logger);
  parts.defer(() => outbox.close(mailGraceMs));

  const relayLimits: RelayLimits = {
    eventBytesMax: limits.upstreamEventBytesMax,
    answerBytesMax: limits.upstreamAnswerBytesMax,
  };
  let phase: "starting" | "serving" | "stopping" = "starting";
  const health = new InstallationHealth(
    healthParts({
      phase: () => phase,
      database,
      databaseKind: config.database.kind,
      changeLogAgeMs: keyDirectory.ageMs,
      journal,
      dataFolder: config.dataFolder,
      engine,
      models: localModels,
      checkpointer,
    }),
  );
  const operator = { db: database.db, keys, refreshKeys: keyDirectory.refresh };
  const background = new BackgroundStore(database.db, limits.backgroundResponsesPerProjectMax);
  const runningResponses = new RunningResponses(
    background,
    (principal) => keyDirectory.directory.refusalOfRunning(principal),
    logger,
  );
  const streamLog = new StreamLogStore(database.db);
  const writeBehindLog = new WriteBehindLog(streamLog, logger);
  parts.defer(() => writeBehindLog.close());
  const dropping = repeat(
    () => streamLog.dropExpired(limits.resumeWindowMs),
    limits.resumeWindowMs / 10,
    (error) => logger.log("warn", "old streams could not be dropped; trying again", { error: describe(error) }),
  );
  parts.defer(() => dropping.stop());
  const heartbeats = new HeartbeatWheel(limits.heartbeatMs);
  const services = {
    ...operator,
    auditVerifier: new AuditVerifier(audit),
    health,
    inviteHashKey,
    outbox,
    publicUrl: () => config.publicUrl ?? listener.url,
    models,
    relay: new Relay(journal, relayLimits),
    relayLimits,
    journal,
    store: new ResponseStore(database.db),
    conversations: new ConversationStore(database.db),
    chatCompletions: new ChatCompletionStore(database.db),
    items: new ResponseItemStore(database.db),
    sealer: new ReasoningSealer(sealKey),
    heartbeats,
    background,
    running: runningResponses,
    streams: { log: streamLog, tails: new StreamTails(streamLog, logger), behind: writeBehindLog },
    ids: createIdGenerator(() => clock.nowMs()),
    clock,
    logger,
  };

  const report = (error: unknown): void =>
    logger.log("error", "an answer could not be kept for its Idempotency-Key", { error: describe(error) });
  const idempotency = new IdempotencyGuard(
    new PostgresIdempotencyStore(database.db, {
      keptHours: limits.idempotencyHours,
      claimMs: limits.idempotencyClaimMs,
    }),
    report,
  );
  const renewing = repeat(
    () => idempotency.renewClaims(),
    limits.idempotencyRenewMs,
    (error) => logger.log("warn", "the claims on Idempotency-Keys can't be renewed now", { error: describe(error) }),
  );
  parts.defer(() => renewing.stop());
  let takeOver: Repeated | undefined;
  const refusals = new RefusalLog(logger);
  parts.defer(() => refusals.flush());
  const running = new RunningRequests((principal) => keyDirectory.directory.refusalOfRunning(principal));
  parts.defer(() => running.close());
  const openSockets = new OpenSockets(limits);
  const handle = createRequestHandler({
    refusals,
    router: new Router(createEndpoints(services)),
    sockets: [responsesSocket(services, limits)],
    openSockets,
    heartbeats,
    websocketConnectionMs: limits.websocketConnectionMs,
    authenticator: keyDirectory.directory,
    idempotency,
    logger,
    translate: toApiError,
    bodyBytesMax: limits.bodyBytesMax,
    bodyPace: limits,
    pages: new Map<string, Page>(pages(health, () => localModels.missing())),
    newRequestId: () => newRequestId(clock.nowMs()),
    running,
    trustedProxies: new AddressList(config.trustedProxies),
  });

  const control = createLocalControl({
    operator,
    library,
    audit,
    health,
    onModelsChanged: () => localModels.refresh(),
  });
  const controlSocket = unixSocketPath(config.dataFolder, "control.sock");
  // The folder's lock is ours, so a socket that lies there is one that a killed process left behind.
  rmSync(controlSocket, { force: true });
  const controlListener = listen({
    where: { unixSocket: controlSocket },
    handle: createControlHandler(control, logger),
    bodyBytesMax: 65_536,
    messageBytesMax: 0,
  });
  chmodSync(controlSocket, 0o600);
  parts.defer(async () => {
    await controlListener.stop(1_000, () => {});
    rmSync(controlSocket, { force: true });
  });

  // The pipeline refuses at its limit, in OpenAI's words; Bun's own bound would cut the connection without any.
  const listener = listen({
    where: { ...config.listen, idleMs: limits.connectionIdleMs },
    handle,
    bodyBytesMax: Number.MAX_SAFE_INTEGER,
    messageBytesMax: limits.websocketMessageBytesMax,
  });
  parts.defer(async () => {
    phase = "stopping";
    const shuttingDown = new ApiError("shutting_down", "The server is shutting down. Send the request again.");
    await takeOver?.stop();
    // Whose turns are done goes now: the listener waits for open WebSockets, and goes on serving them.
    openSockets.finish({ closeCode: 1001, reason: shuttingDown, isTold: false });
    await Promise.all([
      listener.stop(limits.shutdownGraceMs, () => running.stop(shuttingDown)),
      runningResponses.stop(limits.shutdownGraceMs),
    ]);
    // Of a caller that has just left, the engine still has to tell what was used.
    await journal.settled(settledMsMax);
  });

  const owned = parts.move();
  return {
    url: listener.url,
    models: localModels,
    library,
    foldUsage: () => journal.foldNow(),
    mailSettled: () => outbox.settled(),
    markReady: () => {
      if (phase !== "starting") return;
      phase = "serving";
      // Not before: what is run again needs its model.
      takeOver = startTakeOver(services, {
        isAlone: config.database.kind === "embedded",
        principalOf: (keyId) => keyDirectory.directory.principalOf(keyId),
      });
    },
    async drain() {
      // To one that was not ready yet nobody sends anything.
      const wasServing = phase === "serving";
      phase = "stopping";
      listener.endConnections();
      await Promise.all([takeOver?.stop(), delay(wasServing ? config.drainMs : 0)]);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What the configuration says of the engine, in the engine's units; the rest it chooses from the machine. */
function engineSettings({ engine, limits }: Config) {
  return {
    idleMs: limits.upstreamIdleMs,
    ...(engine.threads === undefined ? {} : { threads: engine.threads }),
    ...(engine.parallel === undefined ? {} : { sequencesMax: engine.parallel }),
    ...(engine.memoryMb === undefined ? {} : { memoryBytesMax: engine.memoryMb * 1024 * 1024 }),
    ...(engine.idleSeconds === undefined ? {} : { idleUnloadMs: engine.idleSeconds * 1000 }),
  };
}

function createMailSender(mail: MailSettings): MailSender {
  return mail.kind === "smtp" ? createSmtpMail(mail.server, mail.from) : createFolderMail(mail.folder, mail.from);
}

/** How long a stop waits for letters that are under way. */
const mailGraceMs = 5_000;

/** How long a stop waits for accounts that are still open after the last answer. */
const settledMsMax = 3_000;

function toApiError(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (isDatabaseUnavailable(error)) {
    return new ApiError("storage_unavailable", "The platform's database can't be reached now. Try again soon.", {
      cause: error,
      retryAfterSeconds: 1,
    });
  }
  return undefined;
}
