import { describe, expect, test } from "bun:test";
import { completeLockfile, platformOfName } from "./platform-packages.ts";

const lockfile = (packages: Record<string, unknown>) => `${JSON.stringify({ packages }, null, 2)}\n`;

describe("the platform that a package name spells", () => {
  test.each([
    ["@oven/bun-linux-aarch64-musl", { os: ["linux"], cpu: ["arm64"], libc: ["musl"] }],
    ["@node-llama-cpp/mac-arm64-metal", { os: ["darwin"], cpu: ["arm64"] }],
    ["@oxc-parser/binding-win32-x64-msvc", { os: ["win32"], cpu: ["x64"] }],
    ["@oxc-parser/binding-linux-arm-gnueabihf", { os: ["linux"], cpu: ["arm"], libc: ["glibc"] }],
  ])("%s", (name, platform) => {
    expect(platformOfName(name)).toEqual(platform);
  });
});

describe("the completed lockfile", () => {
  const incomplete = lockfile({
    "": {},
    "node_modules/tool": { version: "1.0.0", dev: true, optionalDependencies: { "@tool/cli-darwin-arm64": "1.0.0" } },
  });

  test("names a platform package that the registry did not carry", () => {
    expect(JSON.parse(completeLockfile(incomplete)).packages["node_modules/@tool/cli-darwin-arm64"]).toEqual({
      version: "1.0.0",
      cpu: ["arm64"],
      dev: true,
      optional: true,
      os: ["darwin"],
    });
  });

  test("stays as it is when it is completed again", () => {
    const complete = completeLockfile(incomplete);
    expect(completeLockfile(complete)).toBe(complete);
  });

  test("gives a build for another processor to that processor only", () => {
    const wide = lockfile({ "node_modules/@node-llama-cpp/linux-arm64": { version: "1.0.0", cpu: ["arm64", "x64"] } });
    expect(JSON.parse(completeLockfile(wide)).packages["node_modules/@node-llama-cpp/linux-arm64"].cpu).toEqual([
      "arm64",
    ]);
  });
});
