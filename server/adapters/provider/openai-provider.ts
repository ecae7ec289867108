import { ApiError } from "@headrace/contract/common/errors.ts";
import { errorCodeOf } from "../../config/config-error.ts";
import type { ProviderConfig } from "../../config/headrace-yaml.ts";
import type { Upstream, UpstreamApi, UpstreamRequest } from "../../ports/upstream.ts";
import { acceptsConnection } from "./connect-probe.ts";
import { readTextUpTo } from "./read-text.ts";
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
  readonly #config: ProviderConfig;
  readonly #errorBytesMax: number;
  readonly #headers: Headers;
  /** Texts that must not be repeated to a caller or to the log. */
  readonly #hidden: readonly string[];

  constructor(config: ProviderConfig, errorBytesMax: number) {
    this.id = config.name;
    this.apis = config.apis;
    this.idleMs = config.timeouts.idleMs;
    this.#config = config;
    this.#errorBytesMax = errorBytesMax;
    this.#headers = headersOf(config);
    const secrets = [config.apiKey, ...config.headers.values()].filter((secret) => secret !== undefined);
    this.#hidden = [config.baseUrl.href, config.baseUrl.host, ...secrets.map((secret) => secret.reveal())];
  }

  async send(request: UpstreamRequest): Promise<Response> {
    request.signal.throwIfAborted();
    const abort = new AbortController();
    const onAbort = () => abort.abort(request.signal.reason);
    // It stays after the head has come: while the body is relayed, the caller's leaving has to close this socket too.
    request.signal.addEventListener("abort", onAbort, { once: true });
    const headers = new Headers(this.#headers);
    headers.set("x-client-request-id", request.requestId);
    const response = await this.#waitForHead(request, headers, abort);
    if (response.ok) return withPlainBody(response);
    request.signal.removeEventListener("abort", onAbort);
    throw await this.#errorOf(response, abort);
  }

  async #waitForHead(request: UpstreamRequest, headers: Headers, abort: AbortController): Promise<Response> {
    const { baseUrl, timeouts, behindProxy } = this.#config;
    let waiting = true;
    const giveUp = (error: ApiError) => {
      if (waiting) abort.abort(error);
    };
    const timers = [setTimeout(() => giveUp(timedOut(timeouts.firstByteMs)), timeouts.firstByteMs)];
    if (!behindProxy) timers.push(setTimeout(() => void this.#checkConnection(giveUp), timeouts.connectMs / 2));
    try {
      return await fetch(urlBelow(baseUrl, request.path), {
        method: "POST",
        headers,
        body: request.body as Uint8Array<ArrayBuffer>,
        redirect: "manual",
        signal: abort.signal,
      });
    } catch (error) {
      if (request.signal.aborted || error instanceof ApiError) throw error;
      throw connectionError(error);
    } finally {
      waiting = false;
      for (const timer of timers) clearTimeout(timer);
    }
  }

  /**
   * fetch can't tell a host that never accepts from a model that thinks. So where half of the connect timeout has
   * passed without an answer, a second connection has the other half to be accepted; without it the request is given up.
   */
  async #checkConnection(giveUp: (error: ApiError) => void): Promise<void> {
    const { baseUrl, timeouts } = this.#config;
    if (await acceptsConnection(baseUrl, timeouts.connectMs / 2)) return;
    giveUp(unreachable(new Error(`no connection within ${timeouts.connectMs} ms`)));
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

/** Keeps the base's own path and query, for instance `?api-version=…`. */
function urlBelow(base: URL, path: string): URL {
  const url = new URL(base);
  url.pathname = base.pathname.replace(/\/+$/, "") + path;
  return url;
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
