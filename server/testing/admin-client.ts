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
