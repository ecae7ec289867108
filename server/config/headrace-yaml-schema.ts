import { z } from "zod";

/** The wires that a provider can speak; the order is the one in messages. */
export const apiNames = ["chat", "responses", "embeddings", "completions"] as const;

const literalRefused =
  "holds the value itself: write `{ env: NAME }` or `{ file: /path }`, so that the file can be shared";

/** Where a secret stands: in an environment variable or in a file. */
const secretReference = z
  .strictObject(
    { env: z.string().min(1).optional(), file: z.string().min(1).optional() },
    { error: (issue) => (typeof issue.input === "string" ? literalRefused : undefined) },
  )
  .refine(({ env, file }) => (env === undefined) !== (file === undefined), {
    error: "needs exactly one of `env` and `file`",
    // A mistyped name is told by itself.
    when: ({ issues }) => issues.length === 0,
  });

export type SecretReference = z.output<typeof secretReference>;

/** Headers that the connection, the body or the key own. */
const ownedHeaders = new Set(
  "authorization host connection content-length content-type transfer-encoding accept accept-encoding cookie te upgrade x-client-request-id".split(
    " ",
  ),
);

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, "is not the name of a header")
  .refine((name) => !ownedHeaders.has(name.toLowerCase()), "is a header that Headrace sets itself");

const headerValue = z.union([z.string(), secretReference], {
  error: "must be a text in quotes, `{ env: NAME }` or `{ file: /path }`",
});

/** More than any provider serves at once, and less than would fill the memory with requests that wait. */
const concurrentRequestsMax = 100_000;

const timeoutMs = z.int().min(1).max(3_600_000).optional();

const apis = z.array(z.enum(apiNames)).min(1).optional();

const baseUrl = z.string().superRefine((text, context) => {
  const url = URL.parse(text);
  const add = (message: string) => context.addIssue({ code: "custom", message });
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) add("is not an http:// or https:// URL");
  else if (url.username !== "" || url.password !== "") add("holds a user or a password: use `api_key` or `headers`");
  else if (url.hash !== "") add("holds a fragment (#…), which no server would see");
});

export const providerSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/, "may hold a-z, 0-9 and inner dashes, 64 at most")
    .refine((name) => name !== "local", "`local` is the name of the engine inside: choose another"),
  base_url: baseUrl,
  api_key: secretReference.optional(),
  apis,
  headers: z.record(headerName, headerValue).optional(),
  concurrency: z
    .strictObject({
      requests: z.int().min(1).max(concurrentRequestsMax),
      waiting: z.int().min(0).max(concurrentRequestsMax).optional(),
      wait_ms: timeoutMs,
    })
    .optional(),
  timeouts: z.strictObject({ connect_ms: timeoutMs, first_byte_ms: timeoutMs, idle_ms: timeoutMs }).optional(),
});

export const modelSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][\w.:/@-]{0,255}$/, "may hold letters, digits and . : / @ _ -, 256 at most"),
  provider: z.string().min(1),
  model: z.string().min(1).max(512).optional(),
  apis,
});

/** The outer names; the items are checked one by one, so that one bad item hides nothing about the others. */
export const fileSchema = z.strictObject({
  providers: z.array(z.unknown()).nullish(),
  models: z.array(z.unknown()).nullish(),
});
