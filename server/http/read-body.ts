import { ApiError } from "@headrace/contract/common/errors.ts";
import { BodyDeadline, type BodyPace } from "./body-deadline.ts";

/** JSON nested deeper than this is refused: nothing in the API needs it, and recursive code must not meet it. */
const jsonDepthMax = 64;

/** Up to this many bytes, a body whose length is declared is read in one piece, which is cheaper than to watch it come. */
const unwatchedBytesMax = 65_536;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads a request's JSON body.
 * @throws ApiError `unsupported_content_type`, `unsupported_content_encoding`, `request_too_large`, `request_timeout`,
 * `request_cut_short`, `invalid_utf8` or `invalid_json`.
 */
export async function readJsonBody(
  request: Request,
  bodyBytesMax: number,
  pace: BodyPace,
): Promise<{ bytes: Uint8Array; value: unknown }> {
  requireJsonContent(request);
  const bytes = await readBytes(request, bodyBytesMax, pace);
  return { bytes, value: parseJson(bytes) };
}

function requireJsonContent(request: Request): void {
  const contentType = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (contentType !== "application/json") {
    throw new ApiError(
      "unsupported_content_type",
      `The body must be JSON: send the header 'Content-Type: application/json'${contentType ? ` instead of '${contentType}'` : ""}.`,
    );
  }
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity") {
    throw new ApiError(
      "unsupported_content_encoding",
      "Compressed request bodies are not accepted: leave out 'Content-Encoding' and send the body as it is.",
    );
  }
}

async function readBytes(request: Request, bodyBytesMax: number, pace: BodyPace): Promise<Uint8Array> {
  const declared = request.headers.get("content-length");
  const declaredBytes = declared === null ? undefined : Number(declared);
  if (declaredBytes !== undefined && declaredBytes > bodyBytesMax) throw tooLarge(bodyBytesMax);
  using deadline = new BodyDeadline(pace);
  try {
    if (declaredBytes === undefined || declaredBytes > unwatchedBytesMax) {
      return await readUpTo(request, bodyBytesMax, deadline);
    }
    deadline.extend(declaredBytes);
    return await deadline.before(request.bytes());
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError("request_cut_short", "The request's body ended before it was complete. Send it again.", {
      cause: error,
    });
  }
}

/** Reads a body piece by piece, and no further than the limit. */
async function readUpTo(request: Request, bodyBytesMax: number, deadline: BodyDeadline): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await deadline.before(reader.read());
    if (done) return Buffer.concat(pieces, length);
    length += value.byteLength;
    if (length > bodyBytesMax) {
      await reader.cancel();
      throw tooLarge(bodyBytesMax);
    }
    deadline.extend(value.byteLength);
    pieces.push(value);
  }
}

function tooLarge(bodyBytesMax: number): ApiError {
  return new ApiError(
    "request_too_large",
    `The request's body is too large: at most ${bodyBytesMax} bytes are accepted.`,
  );
}

/** @throws ApiError `invalid_utf8` or `invalid_json`. */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (error) {
    throw new ApiError("invalid_utf8", "The request's body is not valid UTF-8. Encode the JSON as UTF-8.", {
      cause: error,
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ApiError("invalid_json", `We could not parse the JSON body of your request: ${parseProblem(error)}`, {
      cause: error,
    });
  }
  if (isDeeperThan(value, jsonDepthMax)) {
    throw new ApiError(
      "invalid_json",
      `The JSON body is nested too deeply: at most ${jsonDepthMax} levels are accepted.`,
    );
  }
  return value;
}

function parseProblem(error: unknown): string {
  return error instanceof SyntaxError
    ? `${error.message.replace(/^JSON Parse error: /, "")}.`
    : "it is nested too deeply.";
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const child of Object.values(value)) if (isDeeperThan(child, levels - 1)) return true;
  return false;
}
