import { describe, expect, test } from "bun:test";
import { docsPages } from "./docs-pages.ts";

const pages = new Map(docsPages());

async function get(path: string, method = "GET"): Promise<Response> {
  const page = pages.get(path);
  if (!page) throw new Error(`no page at ${path}`);
  return page(new Request(`http://localhost${path}`, { method }));
}

const texts = new Map(
  await Promise.all([...pages.keys()].map(async (path) => [path, await (await get(path)).text()] as const)),
);

describe("the reference pages", () => {
  test("every part that a page or script names is served", () => {
    const named = [...texts].flatMap(([path, text]) =>
      [...text.matchAll(/(?:href|src)="(\/docs[^"]*)"|from "\.\/([\w.-]+)"/g)].map(
        ([, absolute, relative]) => absolute ?? new URL(relative ?? "", `http://localhost${path}`).pathname,
      ),
    );
    expect(named.length).toBeGreaterThan(4);
    const elsewhere = new Set(["/docs/coverage.json"]);
    expect(named.filter((path) => !pages.has(path) && !elsewhere.has(path))).toEqual([]);
  });

  test("name no other host, hold nothing inline", () => {
    for (const text of texts.values()) {
      expect(text).not.toMatch(/https?:\/\//);
      expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+="/);
    }
  });

  test("are sent with a policy that lets nothing else in, HEAD without a body", async () => {
    const reply = await get("/docs", "HEAD");
    expect(reply.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(reply.headers.get("content-security-policy")).not.toContain("unsafe");
    expect(reply.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await reply.text()).toBe("");
  });
});
