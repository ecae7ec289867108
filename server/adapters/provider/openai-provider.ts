import type { ApiError } from "@headrace/contract/common/errors.ts";
import type { ProviderConfig } from "../../config/headrace-yaml.ts";
import type { Upstream, UpstreamAnswer, UpstreamApi, UpstreamRequest } from "../../ports/upstream.ts";
import { DirectWire } from "./direct-wire.ts";
import { FetchWire } from "./fetch-wire.ts";
import { readTextUpTo } from "./read-text.ts";
import { RequestSlots } from "./request-slots.ts";
import { redirected, translateUpstreamError } from "./upstream-errors.ts";
import type { ProviderWire, WireAnswer } from "./wire.ts";

/** How long an error answer's body may take: what it would tell is not worth more of the caller's time. */
const errorBodyMs = 10_000;

/**
 * A provider that speaks OpenAI's wire. An error answer is read and rejected as the ApiError that our caller may see,
 * because only this place knows which texts must not be repeated.
 */
export class OpenAiProvider implements Upstream {
  readonly id: string;
  readonly kind = "provider";
  readonly apis: ReadonlySet<UpstreamApi>;
  /** The longest pause between two chunks of an answer, in milliseconds. */
  readonly idleMs: number;
  readonly slots: RequestSlots | undefined;
  readonly #wire: ProviderWire;
  readonly #errorBytesMax: number;
  /** Texts that must not be repeated to a caller or to the log. */
  readonly #hidden: readonly string[];

  constructor(config: ProviderConfig, errorBytesMax: number) {
    this.id = config.name;
    this.apis = config.apis;
    this.idleMs = config.timeouts.idleMs;
    this.slots = config.concurrency && new RequestSlots(config.concurrency);
    const isDirect = config.baseUrl.protocol === "http:" && !config.behindProxy;
    this.#wire = isDirect ? new DirectWire(config) : new FetchWire(config);
    this.#errorBytesMax = errorBytesMax;
    const secrets = [config.apiKey, ...config.headers.values()].filter((secret) => secret !== undefined);
    this.#hidden = [config.baseUrl.href, config.baseUrl.host, ...secrets.map((secret) => secret.reveal())];
  }

  async send(request: UpstreamRequest): Promise<UpstreamAnswer> {
    request.signal.throwIfAborted();
    const { status, headers, body } = await this.#wire.send(request);
    if (status >= 200 && status < 300) return { contentType: headers.get("content-type") ?? "", body };
    throw await this.#errorOf({ status, headers, body });
  }

  async #errorOf({ status, headers, body }: WireAnswer): Promise<ApiError> {
    const timer = setTimeout(() => body.cancel(), errorBodyMs);
    try {
      const isError = status >= 400;
      const text = await readTextUpTo(body, isError ? this.#errorBytesMax : 0);
      if (!isError) return redirected(status);
      return translateUpstreamError({ status, headers, text }, this.#hidden);
    } finally {
      clearTimeout(timer);
    }
  }
}
