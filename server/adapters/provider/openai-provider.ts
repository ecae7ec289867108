import { ApiError } from "@headrace/contract/common/errors.ts";
import { errorCodeOf } from "../../config/config-error.ts";
import type { ProviderConfig } from "../../config/headrace-yaml.ts";
import type { Upstream, UpstreamApi, UpstreamRequest } from "../../ports/upstream.ts";
import { acceptsConnection } from "./connect-probe.ts";
import { Deadlines, type Waiting } from "./deadlines.ts";
import { readTextUpTo } from "./read-text.ts";
import { RequestSlots } from "./request-slots.ts";
import { redirected, translateUpstreamError } from "./upstream-errors.ts";

/** How long an error answer's body may take: what it would tell is not worth more of the caller's time. */
const errorBodyMs = 10_000;

/**
 * A provider that speaks OpenAI's wire. `send` resolves with successful answers only, their body plain bytes whatever
 * the provider did; an error answer is read and rejected as the ApiError that our caller may see, because only this
 * place knows which texts must not be repeated. An abort by the caller rejects with the signal's reason.
 */
export class OpenAiProvider implements Upstream {
  readonly id: string;
  readonly kind = "provider";
  readonly apis: ReadonlySet<UpstreamApi>;
  /** The longest pause between two chunks of an answer, in milliseconds. */
  readonly idleMs: number;
  readonly slots: RequestSlots | undefined;
  readonly #config: ProviderConfig;
  readonly #errorBytesMax: number;
  readonly #headers: Headers;
  /** What stands before a request's path; the base's own query, for instance `?api-version=…`, stands behind it. */
  readonly #base: string;
  /** Requests that wait for the head of their answer. */
  readonly #silent: Deadlines;
  /** The same, until half of the connect timeout has passed; a proxy accepts whatever its host does. */
  readonly #unanswered: Deadlines | undefined;
  /** Texts that must not be repeated to a caller or to the log. */
  readonly #hidden: readonly string[];

  constructor(config: ProviderConfig, errorBytesMax: number) {
    this.id = config.name;
    this.apis = config.apis;
    this.idleMs = config.timeouts.idleMs;
    this.slots = config.concurrency && new RequestSlots(config.concurrency);
    this.#config = config;
    this.#errorBytesMax = errorBytesMax;
    this.#headers = headersOf(config);
    this.#base = config.baseUrl.origin + config.baseUrl.pathname.replace(/\/+$/, "");
    this.#silent = new Deadlines(config.timeouts.firstByteMs);
    this.#unanswered = config.behindProxy ? undefined : new Deadlines(config.timeouts.connectMs / 2);
    const secrets = [config.apiKey, ...config.headers.values()].filter((secret) => secret !== undefined);
    this.#hidden = [config.baseUrl.href, config.baseUrl.host, ...secrets.map((secret) => secret.reveal())];
  }

  async send(request: UpstreamRequest): Promise<Response> {
    const { signal } = request;
    signal.throwIfAborted();
    const abort = new AbortController();
    const onAbort = () => abort.abort(signal.reason);
    // It stays after the head has come: while the body is relayed, the caller's leaving has to close this socket too.
    signal.addEventListener("abort", onAbort, { once: true });
    const sinceMs = performance.now();
    const silent: Waiting = { sinceMs, expire: () => abort.abort(timedOut(this.#config.timeouts.firstByteMs)) };
    const unanswered: Waiting = { sinceMs, expire: () => void this.#checkConnection(silent, abort) };
    this.#silent.add(silent);
    this.#unanswered?.add(unanswered);
    let response: Response;
    try {
      response = await this.#fetch(request, abort.signal);
    } catch (error) {
      if (signal.aborted || error instanceof ApiError) throw error;
      throw connectionError(error);
    } finally {
      this.#silent.remove(silent);
      this.#unanswered?.remove(unanswered);
    }
    if (response.ok) return withPlainBody(response);
    signal.removeEventListener("abort", onAbort);
    throw await this.#errorOf(response, abort);
  }

  #fetch(request: UpstreamRequest, signal: AbortSignal): Promise<Response> {
    const headers = new Headers(this.#headers);
    headers.set("x-client-request-id", request.requestId);
    return fetch(this.#base + request.path + this.#config.baseUrl.search, {
      method: "POST",
      headers,
      body: request.body as Uint8Array<ArrayBuffer>,
      redirect: "manual",
      signal,
    });
  }

  /**
   * fetch can't tell a host that never accepts from a model that thinks. So where half of the connect timeout has
   * passed without an answer, a second connection has the other half to be accepted; without it the request is given up.
   */
  async #checkConnection(silent: Waiting, abort: AbortController): Promise<void> {
    const { baseUrl, timeouts } = this.#config;
    if (await acceptsConnection(baseUrl, timeouts.connectMs / 2)) return;
    if (!this.#silent.has(silent)) return;
    abort.abort(unreachable(new Error(`no connection within ${timeouts.connectMs} ms`)));
  }

  async #errorOf(response: Response, abort: AbortController): Promise<ApiError> {
    const timer = setTimeout(() => abort.abort(new Error("the error answer did not end")), errorBodyMs);
    try {
      const isError = response.status >= 400;
      const text = await readTextUpTo(response, isError ? this.#errorBytesMax : 0);
      if (!isError) return redirected(response.status);
      return translateUpstreamError({ status: response.status, headers: response.headers, text }, this.#hidden);
    } finally {
      clearTimeout(timer);
    }
  }
}

function headersOf(config: ProviderConfig): Headers {
  const headers = new Headers({
    accept: "application/json, text/event-stream",
    // Tokens are counted while they pass, so they have to come plain.
    "accept-encoding": "identity",
    "content-type": "application/json",
    "user-agent": "headrace",
  });
  for (const [name, secret] of config.headers) headers.set(name, secret.reveal());
  if (config.apiKey !== undefined) headers.set("authorization", `Bearer ${config.apiKey.reveal()}`);
  return headers;
}

/** fetch decodes a body that came compressed all the same, but leaves the two headers that then lie. */
function withPlainBody(response: Response): Response {
  const encoding = response.headers.get("content-encoding") ?? "identity";
  if (encoding === "identity") return response;
  const headers = new Headers(response.headers);
  headers.delete("content-encoding");
  headers.delete("content-length");
  return new Response(response.body, { status: response.status, headers });
}

/** Codes of name look-up, connection and TLS handshake: nothing of the request can have been received. */
const beforeRequest =
  /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOST|ENET|ETIMEDOUT|EPROTO|ERR_TLS|CERT_|SELF_SIGNED|DEPTH_|UNABLE_)/;

function connectionError(error: unknown): ApiError {
  if (beforeRequest.test(errorCodeOf(error))) return unreachable(error);
  const message = "The provider of this model closed the connection without an answer. Try again later.";
  return new ApiError("upstream_failed", message, { cause: error });
}

function unreachable(cause: unknown): ApiError {
  const message = "The provider of this model can't be reached. Try again later, or tell the operator.";
  return new ApiError("upstream_unreachable", message, { cause });
}

function timedOut(firstByteMs: number): ApiError {
  const message = `The provider of this model did not begin to answer within ${firstByteMs / 1000} seconds.`;
  return new ApiError("upstream_timeout", message);
}
