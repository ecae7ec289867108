import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type FileServer = {
  readonly url: string;
  /** Paths with the Range header of each request, in order. */
  readonly requests: { readonly path: string; readonly range: string | undefined }[];
  stop(): Promise<void>;
};

export type ServedFile = {
  readonly bytes: Uint8Array;
  readonly contentType?: string;
  /** The first so many answers are cut after this many bytes. */
  cuts?: { count: number; readonly afterBytes: number };
};

const etag = '"1"';

/** A file host on loopback with ranges, which can cut its answers. */
export async function serveFiles(files: ReadonlyMap<string, ServedFile>): Promise<FileServer> {
  const requests: FileServer["requests"] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const { range } = request.headers;
    requests.push({ path, range });
    const file = files.get(path);
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    const isSame = range !== undefined && request.headers["if-range"] === etag;
    const start = isSame ? Number(/bytes=(\d+)-/.exec(range)?.[1] ?? 0) : 0;
    const rest = file.bytes.subarray(start);
    response.writeHead(isSame ? 206 : 200, {
      etag,
      "content-length": rest.length,
      ...(file.contentType === undefined ? {} : { "content-type": file.contentType }),
      ...(isSame ? { "content-range": `bytes ${start}-${file.bytes.length - 1}/${file.bytes.length}` } : {}),
    });
    if (file.cuts === undefined || file.cuts.count === 0) {
      response.end(rest);
      return;
    }
    file.cuts.count--;
    response.write(rest.subarray(0, file.cuts.afterBytes));
    setTimeout(() => response.destroy(), 30);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests, stop };
}
