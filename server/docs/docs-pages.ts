import type { Page } from "../http/api-server.ts";
import { type Asset, docsAssets, docsHeaders } from "./docs-assets.ts";

/** `/`, `/invite`, `/docs` and its parts, as pages that need no key. */
export function docsPages(): [string, Page][] {
  return [...docsAssets()].map(([path, asset]) => [path, (request) => answer(request, asset)]);
}

function answer(request: Request, { contentType, body }: Asset): Response {
  const headers = { ...docsHeaders, "content-type": contentType, "content-length": String(body.byteLength) };
  return new Response(request.method === "HEAD" ? null : body, { headers });
}
