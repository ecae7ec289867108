import { readFileSync } from "node:fs";
import { join } from "node:path";

export type Asset = { readonly contentType: string; readonly body: Uint8Array<ArrayBuffer> };

const html = "text/html; charset=utf-8";
const css = "text/css; charset=utf-8";
const javascript = "text/javascript; charset=utf-8";

const assets: readonly (readonly [path: string, file: string, contentType: string])[] = [
  ["/", "home.html", html],
  ["/docs", "docs.html", html],
  ["/invite", "invite.html", html],
  ["/docs/assets/docs.css", "docs.css", css],
  ["/docs/assets/docs.js", "docs.js", javascript],
  ["/docs/assets/example.js", "example.js", javascript],
  ["/docs/assets/home.js", "home.js", javascript],
  ["/docs/assets/invite.js", "invite.js", javascript],
  ["/docs/assets/send.js", "send.js", javascript],
];

/** The API reference, its parts, the plain first page and that of an invite, by path; read from disk once, at the call. */
export function docsAssets(): ReadonlyMap<string, Asset> {
  const folder = join(import.meta.dirname, "assets");
  return new Map(
    assets.map(([path, file, contentType]) => [
      path,
      { contentType, body: new Uint8Array(readFileSync(join(folder, file))) },
    ]),
  );
}

/**
 * What a browser may do on these pages: load their own parts and call this server. Nothing inline, nobody else, no
 * frame around them (https://www.w3.org/TR/CSP3/).
 */
export const docsHeaders: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};
