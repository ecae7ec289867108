import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipIndexUrl } from "./pip-settings.ts";

test("the index is pip's: its variable first, then its file", async () => {
  const home = await mkdtemp(join(tmpdir(), "headrace-pip-"));
  try {
    const file = join(home, "pip.conf");
    await writeFile(file, "[global]\ntimeout = 5\nindex-url = https://mirror.example/simple\n[list]\nindex-url = no\n");
    expect(pipIndexUrl({ HOME: home, PIP_CONFIG_FILE: file })).toBe("https://mirror.example/simple");
    expect(pipIndexUrl({ HOME: home, PIP_CONFIG_FILE: file, PIP_INDEX_URL: "https://x.example/" })).toBe(
      "https://x.example/",
    );
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
