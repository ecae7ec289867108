import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { describeError, isDiskFull, SourceError } from "./errors.ts";
import { hashFile } from "./hash.ts";

export type FileDownload = {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where the finished file goes; until then it grows at `<path>.part`, with its validator in `<path>.part.json`. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes?: number;
  readonly signal: AbortSignal;
  /** Called with what is there and, where known, what there will be. `receivedBytes` never falls in one download. */
  onBytes(receivedBytes: number, totalBytes: number | undefined): void;
};

export type RetryPolicy = {
  readonly attemptsMax: number;
  readonly firstDelayMs: number;
  /** The longest wait for an answer's head. */
  readonly connectMs: number;
  /** The longest pause in an answer's body. */
  readonly stallMs: number;
};

/** Attempts are counted anew whenever one has brought bytes. */
export const defaultRetryPolicy: RetryPolicy = {
  attemptsMax: 5,
  firstDelayMs: 500,
  connectMs: 10_000,
  stallMs: 30_000,
};

/** A host that never sent a byte may be one that a closed network swallows; another source may be nearer. */
const silentAttemptsMax = 2;

/** Trying again is no use. */
class FinalError extends SourceError {}

/**
 * Fetches a file into place: goes on where an earlier try was cut (Range with If-Range, RFC 9110 section 14), tries
 * again a bounded number of times, compares the SHA-256 and renames only then. Throws a SourceError where the source
 * can't deliver it, the signal's reason on abort, and the system's error where the disk can't take it.
 */
export async function downloadFile(download: FileDownload, policy: RetryPolicy = defaultRetryPolicy): Promise<void> {
  const progress = { receivedBytes: 0 };
  const report = (received: number, total: number | undefined): void => {
    progress.receivedBytes = Math.max(progress.receivedBytes, received);
    download.onBytes(progress.receivedBytes, total ?? download.bytes);
  };
  for (let attempt = 1; ; attempt++) {
    const before = progress.receivedBytes;
    try {
      const sha256 = await attemptDownload({ ...download, onBytes: report }, policy);
      if (sha256 !== download.sha256) {
        await discardPart(download.path);
        throw new FinalError(`${download.url} has the SHA-256 ${sha256}, not ${download.sha256}`);
      }
      await rename(`${download.path}.part`, download.path);
      await rm(`${download.path}.part.json`, { force: true });
      return;
    } catch (error) {
      download.signal.throwIfAborted();
      if (error instanceof FinalError || isDiskFull(error)) throw error;
      if (isUnknownHost(error)) throw new FinalError(describeError(error), { cause: error });
      if (progress.receivedBytes > before) attempt = 1;
      const attemptsMax = progress.receivedBytes === 0 ? silentAttemptsMax : policy.attemptsMax;
      if (attempt >= Math.min(attemptsMax, policy.attemptsMax))
        throw new SourceError(`${download.url} failed ${attempt} times: ${describeError(error)}`, { cause: error });
      await sleep(policy.firstDelayMs * 2 ** (attempt - 1), undefined, { signal: download.signal });
    }
  }
}

/** The resolver knows no such host: a closed network, or a wrong name. Waiting does not help. */
const isUnknownHost = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOTFOUND";

async function attemptDownload(download: FileDownload, policy: RetryPolicy): Promise<string> {
  const part = `${download.path}.part`;
  const held = await resumable(download);
  const stalled = new AbortController();
  const giveUpAfter = (durationMs: number): NodeJS.Timeout =>
    setTimeout(() => stalled.abort(new SourceError(`no bytes for ${durationMs / 1000} s`)), durationMs);
  let watchdog = giveUpAfter(policy.connectMs);
  let file: FileHandle | undefined;
  try {
    const response = await fetch(download.url, {
      headers: { "accept-encoding": "identity", ...download.headers, ...held?.headers },
      signal: AbortSignal.any([download.signal, stalled.signal]),
    });
    clearTimeout(watchdog);
    watchdog = giveUpAfter(policy.stallMs);
    const resumes = held !== undefined && response.status === 206 && startsAt(response, held.bytes);
    if (!resumes && response.status !== 200) {
      await response.body?.cancel();
      if (held !== undefined && (response.status === 206 || response.status === 416)) await discardPart(download.path);
      else if (response.status < 500 && response.status !== 408 && response.status !== 429)
        throw new FinalError(`${download.url} answered ${response.status}`);
      throw new SourceError(`${download.url} answered ${response.status}`);
    }
    const hash: Hash = resumes ? await hashFile(part) : createHash("sha256");
    let received = resumes ? held.bytes : 0;
    const length = response.headers.get("content-length");
    const total = length === null ? undefined : received + Number(length);
    if (!resumes)
      await writeFile(`${part}.json`, JSON.stringify({ sha256: download.sha256, etag: validatorOf(response) }));
    file = await open(part, resumes ? "a" : "w");
    download.onBytes(received, total);
    if (response.body === null) throw new SourceError(`${download.url} has no body`);
    for await (const chunk of response.body) {
      watchdog.refresh();
      await file.writeFile(chunk);
      hash.update(chunk);
      received += chunk.length;
      download.onBytes(received, total);
    }
    if (total !== undefined && received < total) throw new SourceError(`cut after ${received} of ${total} bytes`);
    await file.sync();
    return hash.digest("hex");
  } finally {
    clearTimeout(watchdog);
    await file?.close();
  }
}

/** The bytes of an earlier try and the headers that ask for the rest of the same file. */
async function resumable(
  download: FileDownload,
): Promise<{ bytes: number; headers: Record<string, string> } | undefined> {
  const part = `${download.path}.part`;
  try {
    const { size } = await stat(part);
    const known = JSON.parse(await readFile(`${part}.json`, "utf8")) as { sha256?: unknown; etag?: unknown };
    if (size === 0 || known.sha256 !== download.sha256 || typeof known.etag !== "string") return undefined;
    return { bytes: size, headers: { range: `bytes=${size}-`, "if-range": known.etag } };
  } catch {
    // Nothing there that can be gone on with: the file is fetched from its start.
    return undefined;
  }
}

/** Only a strong entity tag or a date may stand in If-Range (RFC 9110 section 13.1.5). */
function validatorOf(response: Response): string | null {
  const etag = response.headers.get("etag");
  return etag !== null && !etag.startsWith("W/") ? etag : response.headers.get("last-modified");
}

const startsAt = (response: Response, bytes: number): boolean =>
  response.headers.get("content-range")?.startsWith(`bytes ${bytes}-`) ?? false;

async function discardPart(path: string): Promise<void> {
  await Promise.all([rm(`${path}.part`, { force: true }), rm(`${path}.part.json`, { force: true })]);
}
