import { ApiError } from "@headrace/contract/common/errors.ts";
import type { ChatModel } from "./chat/chat-model.ts";
import { parseChatRequest } from "./chat/chat-request.ts";
import { createChatCompletion } from "./chat/create-chat-completion.ts";
import { parseCompletionRequest } from "./completions/completion-request.ts";
import { createCompletion } from "./completions/create-completion.ts";
import { createEmbeddings } from "./embeddings/create-embeddings.ts";
import { parseEmbeddingRequest } from "./embeddings/embedding-request.ts";
import { countInputTokens } from "./input-tokens/count-input-tokens.ts";
import { log } from "./log.ts";
import type { ModelPool } from "./model-pool.ts";
import { cacheScopeHeader, type EngineOptions, type EngineUsage, type RegisteredModel } from "./protocol.ts";
import { asRecord, refuse } from "./request-fields.ts";

export type EngineServer = { stop(): Promise<void> };

type Handler = (request: Request, pool: ModelPool) => Promise<Response> | Response;

const handlers: Readonly<Record<string, Handler>> = {
  "GET /health": () => Response.json({ status: "ok" }),
  "GET /v1/models": (_request, pool) =>
    Response.json({
      object: "list",
      data: pool.list().map(({ id }) => ({ id, object: "model", created: 0, owned_by: "headrace" })),
    }),
  "POST /v1/chat/completions": async (request, pool) => {
    const parsed = parseChatRequest(await readJson(request));
    return withChatModel(request, pool, parsed.model, (model, scope, done) =>
      createChatCompletion(model.start(parsed, scope, request.signal), parsed, request.signal, done),
    );
  },
  "POST /v1/completions": async (request, pool) => {
    const parsed = parseCompletionRequest(await readJson(request));
    return withChatModel(request, pool, parsed.model, (model, scope, done) =>
      createCompletion(model, parsed, { scope, signal: request.signal, done }),
    );
  },
  "POST /v1/chat/input_tokens": async (request, pool) => countInputTokens(await readJson(request), pool),
  "POST /v1/embeddings": async (request, pool) => {
    const body = await readJson(request);
    const { model } = asRecord(body, "the request body");
    if (typeof model !== "string") throw refuse("model", "must be a string");
    const lease = await pool.acquire(model);
    try {
      if (lease.kind !== "embedding")
        throw new ApiError("unsupported_value", `The model ${model} makes no embeddings.`, { param: "model" });
      const parsed = parseEmbeddingRequest(body, lease.model.dimensions);
      return await createEmbeddings(lease.model, parsed, request.signal, (usage) =>
        pool.abandoned.note(request, usage),
      );
    } finally {
      lease.release();
    }
  },
  "GET /internal/stats": (_request, pool) => Response.json(pool.stats()),
  "GET /internal/abandoned": (request, pool) => {
    const usage = pool.abandoned.find(new URL(request.url).searchParams.get("request") ?? "");
    return usage === undefined ? new Response(null, { status: 404 }) : Response.json(usage);
  },
  "POST /internal/models": async (request, pool) => {
    pool.register((await readJson(request)) as RegisteredModel);
    return new Response(null, { status: 204 });
  },
  "POST /internal/load": async (request, pool) => {
    const lease = await pool.acquire(await modelOf(request));
    lease.release();
    return new Response(null, { status: 204 });
  },
  "POST /internal/unload": async (request, pool) => {
    const id = await modelOf(request);
    if (!pool.unload(id)) throw new ApiError("server_is_overloaded", `The model ${id} is in use.`);
    return new Response(null, { status: 204 });
  },
};

/** Serves OpenAI's wire on a Unix socket; the supervisor is its only client. */
export function serveEngine({ socketPath }: EngineOptions, pool: ModelPool): EngineServer {
  const server = Bun.serve({
    unix: socketPath,
    development: false,
    async fetch(request, server) {
      // Waiting for a place, loading a model and reading a long prompt all leave the connection silent for long.
      server.timeout(request, 0);
      try {
        const { pathname } = new URL(request.url);
        const handler = handlers[`${request.method} ${pathname}`];
        if (handler === undefined) throw new ApiError("unknown_url", `Invalid URL (${request.method} ${pathname})`);
        return await handler(request, pool);
      } catch (error) {
        return errorResponse(error, request.signal);
      }
    },
  });
  return { stop: () => server.stop() };
}

/** Runs an answer of a chat model; `done` ends its use of the model, at the end of the answer. */
async function withChatModel(
  request: Request,
  pool: ModelPool,
  id: string,
  run: (model: ChatModel, scope: string | undefined, done: (usage: EngineUsage) => void) => Promise<Response>,
): Promise<Response> {
  const lease = await pool.acquire(id);
  if (lease.kind !== "chat") {
    lease.release();
    throw new ApiError("unsupported_value", `The model ${id} is no chat model.`, { param: "model" });
  }
  const done = (usage: EngineUsage): void => {
    lease.release();
    pool.abandoned.note(request, usage);
  };
  const scope = request.headers.get(cacheScopeHeader) ?? undefined;
  return releasing(lease.release, () => run(lease.model, scope, done));
}

async function releasing(release: () => void, run: () => Promise<Response>): Promise<Response> {
  try {
    return await run();
  } catch (error) {
    release();
    throw error;
  }
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch (cause) {
    throw new ApiError("invalid_json", "The request body is no valid JSON.", { cause });
  }
}

async function modelOf(request: Request): Promise<string> {
  const { model } = asRecord(await readJson(request), "the request body");
  if (typeof model !== "string") throw refuse("model", "must be a string");
  return model;
}

function errorResponse(error: unknown, signal: AbortSignal): Response {
  const told =
    error instanceof ApiError
      ? error
      : new ApiError("engine_failed", "The local engine failed on this request.", { cause: error });
  if (told.status >= 500 && !signal.aborted)
    log("error", "a request failed", { code: told.code, error: String(told.cause ?? told.message) });
  return Response.json(told.toBody(), {
    status: told.status,
    headers: told.retryAfterSeconds === undefined ? {} : { "retry-after": String(told.retryAfterSeconds) },
  });
}
