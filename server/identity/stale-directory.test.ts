import { expect, test } from "bun:test";
import { ApiError } from "@headrace/contract/common/errors.ts";
import { systemClock } from "../ports/clock.ts";
import { generateApiKey } from "./api-key.ts";
import { KeyDirectory } from "./key-directory.ts";
import { TenantDirectory } from "./tenant-directory.ts";

test("keys that can't be checked against the database any more are refused for now, known or not", () => {
  let ageMs = 10_000;
  const directory = new KeyDirectory({
    tenants: new TenantDirectory(),
    hash: (key) => key,
    clock: systemClock,
    acceptsUncheckedKeys: false,
    onUsed: () => undefined,
    ageMs: () => ageMs,
    ageMsMax: 10_000,
  });
  const refusal = (): unknown => {
    try {
      return directory.authenticate(generateApiKey("project"), () => undefined);
    } catch (error) {
      if (error instanceof ApiError) return [error.status, error.code, error.retryAfterSeconds];
      throw error;
    }
  };
  expect(refusal()).toEqual([401, "invalid_api_key", undefined]);
  ageMs = 10_001;
  expect(refusal()).toEqual([503, "storage_unavailable", 1]);
});
