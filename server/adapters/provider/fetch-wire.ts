import { ApiError } from "@headrace/contract/common/errors.ts";
import { Deadlines, type Waiting } from "../../common/deadlines.ts";
import { errorCodeOf } from "../../config/config-error.ts";
import type { ProviderConfig } from "../../config/headrace-yaml.ts";
import { ResponseBody } from "../response-body.ts";
import { acceptsConnection } from "./connect-probe.ts";
import { basePathOf, requestHeaders, requestIdHeader } from "./request-headers.ts";
import type { ProviderWire, WireAnswer, WireRequest } from "./wire.ts";
import { timedOut, unanswered, unreachable } from "./wire-failures.ts";

/** Reaches a provider by the runtime's own client, which speaks TLS and goes through proxies. */
export class FetchWire implements ProviderWire {
  readonly #config: ProviderConfig;
  readonly #headers: Headers;
  readonly #base: string;
  /** Requests that wait for the head of their answer. */
  readonly #silent: Deadlines;
  /** The same, until half of the connect timeout has passed; a proxy accepts whatever its host does. */
  readonly #unanswered: Deadlines | undefined;

  constructor(config: ProviderConfig) {
    this.#config = config;
    this.#headers = requestHeaders(config);
    this.#base = config.baseUrl.origin + basePathOf(config);
    this.#silent = new Deadlines(config.timeouts.firstByteMs);
    this.#unanswered = config.behindProxy ? undefined : new Deadlines(config.timeouts.connectMs / 2);
  }

  async send(request: WireRequest): Promise<WireAnswer> {
    const { signal } = request;
    const abort = new AbortController();
    const onAbort = () => abort.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const sinceMs = performance.now();
    const silent: Waiting = { sinceMs, expire: () => abort.abort(timedOut(this.#config.timeouts.firstByteMs)) };
    const waiting: Waiting = { sinceMs, expire: () => void this.#checkConnection(silent, abort) };
    this.#silent.add(silent);
    this.#unanswered?.add(waiting);
    try {
      const response = await this.#fetch(request, abort.signal);
      // The listener stays: while the body is read, the caller's leaving has to close this socket too.
      return { status: response.status, headers: response.headers, body: new ResponseBody(response.body) };
    } catch (error) {
      if (signal.aborted || error instanceof ApiError) throw error;
      throw beforeRequest.test(errorCodeOf(error)) ? unreachable(error) : unanswered(error);
    } finally {
      this.#silent.remove(silent);
      this.#unanswered?.remove(waiting);
    }
  }

  #fetch({ path, body, requestId }: WireRequest, signal: AbortSignal): Promise<Response> {
    const headers = new Headers(this.#headers);
    headers.set(requestIdHeader, requestId);
    return fetch(this.#base + path + this.#config.baseUrl.search, {
      method: "POST",
      headers,
      body: body as Uint8Array<ArrayBuffer>,
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
}

/** Codes of name look-up, connection and TLS handshake: nothing of the request can have been received. */
const beforeRequest =
  /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOST|ENET|ETIMEDOUT|EPROTO|ERR_TLS|CERT_|SELF_SIGNED|DEPTH_|UNABLE_)/;
