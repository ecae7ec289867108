/** What a request names: the path, and the query with its question mark or "" where there is none. */
export type RequestTarget = { readonly path: string; readonly search: string };

/** URLs without a query whose path parsing leaves as it stands: nothing to escape, no dots to resolve. */
const plainUrl = /^https?:\/\/[^/?#@\\]+\/[\w/-]*$/;

/** Where the path begins at the earliest: behind `https://`, or behind `http://` and one character of a host. */
const pathOffsetMin = 8;

/** Bun gives no whole URL where there is no Host header (HTTP/1.0), or one that no URL can hold: only its path counts. */
export function readTarget(url: string): RequestTarget {
  // Most are plain, and cost no object of the runtime's then.
  if (plainUrl.test(url)) return { path: url.slice(url.indexOf("/", pathOffsetMin)), search: "" };
  const parsed = URL.parse(url) ?? new URL(`http://localhost${url.replace(/^(?:\w+:)?\/\/[^/?]*/, "")}`);
  return { path: parsed.pathname, search: parsed.search };
}
