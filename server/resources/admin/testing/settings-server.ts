import OpenAI from "openai";
import {
  chatFrames,
  chatUsage,
  type Script,
  type ScriptedProvider,
  sendEvents,
  startScriptedProvider,
} from "../../../testing/scripted-provider.ts";
import { startTestServer, type TestServer } from "../../../testing/test-server.ts";
import { providerResponse, providerResponseFrames } from "../../responses/provider-responses.fixture.ts";

/** A project of its own, and a key of it. */
export type TestProject = {
  readonly id: string;
  readonly key: string;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  get(path: string): Promise<Response>;
};

export type SettingsServer = AsyncDisposable & {
  readonly server: TestServer;
  /** The first organization's Admin API, through the official SDK. */
  readonly organization: OpenAI["admin"]["organization"];
  /** Answers well on every wire, unless a test tells it otherwise. */
  readonly provider: ScriptedProvider;
  /** A request below /v1/organization with an admin key, the first organization's unless another is given. */
  asAdmin(method: string, path: string, body?: unknown, adminKey?: string): Promise<Response>;
  makeProject(adminKey?: string): Promise<TestProject>;
  /** Another organization's admin key. */
  makeOrganization(): Promise<{ id: string; adminKey: string }>;
};

/** A server with the models `alpha` and `team/alias:1`, one upstream model on all wires, and `chatty`, on the chat wire only. */
export async function startSettingsServer(): Promise<SettingsServer> {
  const provider = await startScriptedProvider();
  provider.answer(answerWell);
  const yaml = `providers:
  - name: provider
    base_url: ${provider.baseUrl}
    apis: [chat, responses, embeddings]
models:
  - { name: alpha, provider: provider, model: upstream }
  - { name: 'team/alias:1', provider: provider, model: upstream }
  - { name: chatty, provider: provider, model: upstream, apis: [chat] }
`;
  const server = await startTestServer({ yaml });
  const organizationAs = (adminAPIKey: string) =>
    new OpenAI({ adminAPIKey, apiKey: null as never, baseURL: `${server.url}/v1`, maxRetries: 0 }).admin.organization;
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
  return {
    server,
    organization: organizationAs(server.keys.admin),
    provider,
    asAdmin: (method, path, body, adminKey = server.keys.admin) =>
      fetch(`${server.url}/v1/organization/${path}`, {
        method,
        headers: { ...bearer(adminKey), "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async makeProject(adminKey = server.keys.admin) {
      const { projects } = organizationAs(adminKey);
      const { id } = await projects.create({ name: "Settings" });
      const account = await projects.serviceAccounts.create(id, { name: "robot" });
      const key = account.api_key?.value ?? "";
      return {
        id,
        key,
        post: (path, body, headers = {}) => server.post(path, body, { ...bearer(key), ...headers }),
        get: (path) => server.get(path, bearer(key)),
      };
    },
    async makeOrganization() {
      const made = await server.post("/headrace/v1/organizations", { name: "Own" }, bearer(server.keys.operator));
      const { id, admin_api_key: first } = (await made.json()) as { id: string; admin_api_key: { value: string } };
      return { id, adminKey: first.value };
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
}

/** A provider that answers every request. */
export const answerWell: Script = (call, response) => {
  const streamed = call.body.stream === true;
  const answerOf: Record<string, () => [object, string[]]> = {
    "/v1/chat/completions": () => [completion, chatFrames(["hello"])],
    "/v1/responses": () => [providerResponse(["hello"]), providerResponseFrames(["hello"])],
    "/v1/embeddings": () => [embedding, []],
  };
  const [whole, frames] = answerOf[call.path]?.() ?? [{}, []];
  if (streamed) return sendEvents(response, frames);
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(whole));
};

/** What an error answer says, as the caller reads it. */
export async function refusalOf(response: Response): Promise<{ status: number; code: unknown; param: unknown }> {
  const { error } = (await response.json()) as { error?: { code: unknown; param: unknown } };
  return { status: response.status, code: error?.code, param: error?.param };
}

const completion = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "upstream",
  service_tier: "priority",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "hello", refusal: null },
      finish_reason: "stop",
      logprobs: null,
    },
  ],
  usage: chatUsage(1),
};

const embedding = {
  object: "list",
  model: "upstream",
  data: [{ object: "embedding", index: 0, embedding: [0.5] }],
  usage: { prompt_tokens: 1, total_tokens: 1 },
};
