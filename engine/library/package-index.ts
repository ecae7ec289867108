import { describeError, SourceError } from "./errors.ts";

/**
 * Finds files in a Python package index as pip does: PEP 691 (JSON) with PEP 503 (HTML) as the way out for older
 * mirrors. A URL without a path means its `/simple`, where PyPI has its index. The URL may carry a user and a password, which go only to its own origin.
 */
export type IndexedFile = { readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** Where `fileName` of a project can be fetched. Throws a SourceError where the index doesn't have it. */
export async function findInPackageIndex(
  indexUrl: string,
  project: string,
  fileName: string,
  signal: AbortSignal,
): Promise<IndexedFile> {
  const root = new URL(indexUrl).pathname === "/" ? new URL("/simple", indexUrl).href : indexUrl;
  const { url, authorization } = withoutCredentials(`${root.replace(/\/+$/, "")}/${normalize(project)}/`);
  const response = await fetch(url, {
    headers: {
      accept: "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1",
      ...authorization,
    },
    signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
  }).catch((error: unknown) => {
    throw new SourceError(`${url} can't be reached: ${describeError(error)}`, { cause: error });
  });
  const page = await response.text();
  if (!response.ok) throw new SourceError(`${url} answered ${response.status}`);
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  const href = (isJson ? linksOfJson(page, url) : linksOfHtml(page)).get(fileName);
  if (href === undefined) throw new SourceError(`${url} does not list ${fileName}`);
  const file = new URL(href, response.url || url);
  file.hash = "";
  return { url: file.href, headers: file.origin === new URL(url).origin ? authorization : {} };
}

/** PEP 503's spelling of a project's name. */
const normalize = (project: string): string => project.replace(/[-_.]+/g, "-").toLowerCase();

function withoutCredentials(address: string): { url: string; authorization: Record<string, string> } {
  const url = new URL(address);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  if (username === "") return { url: url.href, authorization: {} };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url: url.href, authorization: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` } };
}

function linksOfJson(page: string, url: string): Map<string, string> {
  let parsed: { files?: readonly { filename?: unknown; url?: unknown }[] };
  try {
    parsed = JSON.parse(page) as typeof parsed;
  } catch (error) {
    throw new SourceError(`${url} answered with broken JSON`, { cause: error });
  }
  return new Map((parsed.files ?? []).map((file) => [String(file.filename), String(file.url)]));
}

function linksOfHtml(page: string): Map<string, string> {
  const links = new Map<string, string>();
  for (const [, , href, text] of page.matchAll(/<a\b[^>]*\bhref=(["'])(.*?)\1[^>]*>([^<]*)<\/a>/gis))
    if (href !== undefined && text !== undefined) links.set(text.trim(), href.replaceAll("&amp;", "&"));
  return links;
}
