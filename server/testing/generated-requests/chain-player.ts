import type { OperationDefinition } from "@headrace/contract/common/operation.ts";
import { type OperationId, operations } from "@headrace/contract/operations.ts";
import { z } from "zod";
import { generateApiKey } from "../../identity/api-key.ts";
import { tokenFor } from "../people.ts";
import type { TestServer } from "../test-server.ts";
import { type Answer, brokenRules } from "./answer-rules.ts";
import { makeTenant, type Tenant } from "./chain-tenant.ts";
import type { Chain } from "./chains.ts";
import { followAdvice } from "./follow-advice.ts";
import type { GeneratedRequest } from "./generated-request.ts";
import { learnIds } from "./learned-ids.ts";
import { fillPlaces, KnownIds } from "./places.ts";

/** How often one request is sent again without what is not served. */
const triesMax = 6;
/** Characters of a request or an answer that a finding shows. */
const shownCharactersMax = 400;

/**
 * Sends chains of requests, each in an organization of its own, and holds every answer against the contract. The ids of one
 * chain's organization are the next one's stranger ids.
 */
export class ChainPlayer {
  /** Broken promises, each with what breaks it. */
  readonly findings: string[] = [];
  /** Status -> answers. */
  readonly statuses = new Map<number, number>();
  /** Operations that were answered with 200. */
  readonly good = new Set<OperationId>();
  requests = 0;
  readonly #server: TestServer;
  /** Paths of what was deleted. */
  readonly #gone = new Set<string>();
  #strangersIds = new KnownIds();

  constructor(server: TestServer) {
    this.#server = server;
  }

  async play(chain: Chain): Promise<void> {
    const tenant = await makeTenant(this.#server);
    for (const request of chain) await this.#sendUntilServed(request, tenant);
    this.#strangersIds = tenant.ids;
  }

  /** A good request that asks for what is not served yet takes the answer's advice, and so gets further in. */
  async #sendUntilServed(request: GeneratedRequest, tenant: Tenant): Promise<void> {
    let next: GeneratedRequest | undefined = request;
    for (let tries = 0; next !== undefined && tries < triesMax; tries++) {
      const answer: Answer | undefined = await this.#send(next, tenant);
      if (answer?.status !== 400 || next.spoilt !== undefined || next.body === undefined) return;
      const body: string | undefined = followAdvice(next.body, JSON.parse(answer.text));
      next = body === undefined ? undefined : { ...next, body };
    }
  }

  /** @returns the (first) answer; undefined where its client has left. */
  async #send(request: GeneratedRequest, tenant: Tenant): Promise<Answer | undefined> {
    const fill = (text: string): string => fillPlaces(text, tenant.ids, this.#strangersIds);
    const sent = {
      url: this.#server.url + fill(request.path + request.query),
      body: request.body === undefined ? undefined : fill(request.body),
      key: this.#keyFor(request, tenant),
    };
    const copies = request.manner.kind === "twice" ? 2 : 1;
    this.requests += copies;
    const answers = await Promise.all(Array.from({ length: copies }, () => exchange(request, sent)));
    for (const answer of answers) if (answer !== undefined) await this.#judge(request, sent, answer, tenant.ids);
    return answers[0];
  }

  async #judge(request: GeneratedRequest, { url, body }: Sent, answer: Answer, ids: KnownIds): Promise<void> {
    this.statuses.set(answer.status, (this.statuses.get(answer.status) ?? 0) + 1);
    const target = url.slice(this.#server.url.length);
    const [path = ""] = target.split("?");
    const broken = brokenRules(request, answer);
    if (answer.status === 200 && this.#gone.has(path)) broken.push("what was deleted answers");
    if (answer.status === 200 && isEnd(request)) this.#gone.add(path);
    for (const rule of broken) {
      const asked = `${request.method} ${target} ${JSON.stringify(request.headers)} ${request.manner.kind} ${body}`;
      const said = [asked, answer.text].map((text) => text.slice(0, shownCharactersMax));
      this.findings.push([`${request.operation}: ${rule}`, ...said].join("\n  "));
    }
    if (answer.status === 200) await this.#learn(request, answer, body, ids);
  }

  #keyFor({ operation, credential }: GeneratedRequest, tenant: Tenant): string | undefined {
    const { scope }: OperationDefinition = operations[operation];
    if (credential === "none" || scope === "public") return undefined;
    if (credential === "unknown") return generateApiKey("project");
    const isManagement = scope.startsWith("api.management");
    if (credential === "of another kind") return isManagement ? tenant.projectKey : tenant.adminKey;
    if (scope === "headrace.operate") return this.#server.keys.operator;
    return isManagement ? tenant.adminKey : tenant.projectKey;
  }

  async #learn(request: GeneratedRequest, { text, headers }: Answer, body: string | undefined, ids: KnownIds) {
    this.good.add(request.operation);
    if (headers.get("content-type")?.startsWith("text/event-stream") === true) {
      const id = /"id":"(resp_[^"]+)"/.exec(text)?.[1];
      if (id !== undefined) ids.learn("response_id", id);
      return;
    }
    learnIds(request.operation, JSON.parse(text), ids);
    if (request.operation !== "createInvite") return;
    const { email } = z.object({ email: z.string() }).parse(JSON.parse(body ?? ""));
    ids.learn("invite_token", await tokenFor(this.#server, email));
  }
}

/** Whether it ends the object that its path names, rather than a setting, or a membership that may begin again. */
function isEnd({ operation }: GeneratedRequest): boolean {
  const { method, path } = operations[operation];
  return method === "DELETE" && path.endsWith("}") && operation !== "deleteProjectUser";
}

/** What goes over the wire. */
type Sent = { readonly url: string; readonly body: string | undefined; readonly key: string | undefined };

async function exchange(request: GeneratedRequest, { url, body, key }: Sent): Promise<Answer | undefined> {
  const { manner } = request;
  const signal = manner.kind === "leaves" ? AbortSignal.timeout(manner.afterMs) : undefined;
  try {
    const response = await fetch(url, {
      method: request.method,
      headers: { ...request.headers, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
      ...(body === undefined ? {} : { body: Buffer.from(body, request.encoding) }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    if (signal?.aborted === true) return undefined;
    throw error;
  }
}
