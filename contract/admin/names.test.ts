import { describe, expect, test } from "bun:test";
import type { z } from "zod";
import { parseRequest } from "../common/validation.ts";
import { createAdminApiKeyBody } from "./admin-api-keys.ts";
import { createProjectBody, updateProjectBody } from "./projects.ts";
import {
  createServiceAccountApiKeyBody,
  createServiceAccountBody,
  updateServiceAccountBody,
} from "./service-accounts.ts";
import { accepted, refusal } from "./testing/refusal.ts";

describe("names", () => {
  const taken = ["a", "Café 東京", "Équipe 👩‍💻", "می‌خواهم", "اختبار", "x".repeat(256), " padded "];
  const hidden = {
    "a null character": "a\0b",
    "a line break": "a\nb",
    "a tab": "a\tb",
    "an escape sequence": "\u001b[31mred",
    "a C1 control character": "a\u0085b",
    "a line separator": "a\u2028b",
    "a right-to-left mark": "a\u200Fb",
    "a right-to-left override": "a\u202Egnp.exe",
    "an isolate": "\u2066a\u2069",
    "an Arabic letter mark": "a\u061Cb",
    "a zero-width space": "a\u200Bb",
    "a byte order mark": "\uFEFFa",
    "tag characters": "a\u{E0041}",
    "a lone surrogate": "a\uD800",
    "a character that is none": "a\uFFFE",
    "only spaces": "   ",
    "only joiners": "\u200D\u200C",
    "a Hangul filler": "\u3164",
  };
  const named = [
    ["createAdminApiKey", createAdminApiKeyBody],
    ["createProject", createProjectBody],
    ["updateProject", updateProjectBody],
    ["createProjectServiceAccount", createServiceAccountBody],
    ["updateProjectServiceAccount", updateServiceAccountBody],
    ["createProjectServiceAccountApiKey", createServiceAccountApiKeyBody],
  ] as const;

  test.each(named)("of %s: readable ones are taken, others are refused", (_, schema) => {
    const given = (name: unknown) => refusal(() => parseRequest<z.ZodType>(schema, { name }));
    for (const name of taken) expect(given(name)).toEqual(accepted);
    for (const name of Object.values(hidden)) expect(given(name)).toEqual(["invalid_value", "name"]);
    expect(given("")).toEqual(["empty_string", "name"]);
    expect(given("x".repeat(257))).toEqual(["string_above_max_length", "name"]);
    expect(given("x".repeat(10_000))).toEqual(["string_above_max_length", "name"]);
    expect(given("\u202E".repeat(10_000))).toEqual(["string_above_max_length", "name"]);
    expect(given(5)).toEqual(["invalid_type", "name"]);
  });

  test.each(Object.entries(hidden))("with %s say what is wrong, and don't repeat it", (_, name) => {
    const run = () => parseRequest(createProjectBody, { name });
    expect(run).toThrow(/^Invalid 'name': (control characters, line breaks and|it has no visible character)[ -~]*$/);
  });
});
