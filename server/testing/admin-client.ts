import OpenAI, { APIError } from "openai";
import type { TestServer } from "./test-server.ts";

/** The official SDK's Admin API with an organization's admin key: the server's own where none is given. */
export function organizationOf(server: TestServer, adminAPIKey = server.keys.admin): OpenAI.Admin.Organization {
  return new OpenAI({ adminAPIKey, apiKey: null as never, baseURL: `${server.url}/v1`, maxRetries: 0 }).admin
    .organization;
}

/** What the SDK threw; fails where it threw nothing. */
export async function errorOf(
  promise: Promise<unknown>,
): Promise<{ status: number; code: unknown; param: unknown; message: string }> {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    return { status: Number(error.status), code: error.code, param: error.param, message: error.message };
  }
  throw new Error("It was accepted.");
}

/** Longest wait until a change of a key has come through; far above the promise, so that only its absence fails. */
const waitMsMax = 10_000;

/** Waits until a request with the key is answered with the status. Another database's long transaction can delay it. */
export async function untilAnswered(server: TestServer, key: string, path: string, status: number): Promise<void> {
  const deadlineMs = performance.now() + waitMsMax;
  for (;;) {
    const response = await server.get(path, { authorization: `Bearer ${key}` });
    await response.body?.cancel();
    if (response.status === status) return;
    if (performance.now() > deadlineMs) throw new Error(`Still ${response.status} instead of ${status}.`);
    await Bun.sleep(20);
  }
}

/** Another organization of the same installation, as the operator makes it. */
export async function newOrganization(
  server: TestServer,
  name: string,
): Promise<{ id: string; key: string; api: OpenAI.Admin.Organization }> {
  const operator = { authorization: `Bearer ${server.keys.operator}` };
  const made = await server.post("/headrace/v1/organizations", { name }, operator);
  const { id, admin_api_key } = (await made.json()) as { id: string; admin_api_key: { value: string } };
  await untilAnswered(server, admin_api_key.value, "/v1/organization/projects", 200);
  return { id, key: admin_api_key.value, api: organizationOf(server, admin_api_key.value) };
}
