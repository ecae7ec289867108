import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LaunchError } from "./launch-error.mjs";

const packages = {
  "darwin arm64": "bun-darwin-aarch64",
  "darwin x64": "bun-darwin-x64",
  "linux arm64 glibc": "bun-linux-aarch64",
  "linux arm64 musl": "bun-linux-aarch64-musl",
  "linux x64 glibc": "bun-linux-x64",
  "linux x64 musl": "bun-linux-x64-musl",
};

const loadersOfMusl = { x64: "/lib/ld-musl-x86_64.so.1", arm64: "/lib/ld-musl-aarch64.so.1" };
const loadersOfGlibc = {
  x64: ["/lib64/ld-linux-x86-64.so.2"],
  arm64: ["/lib/ld-linux-aarch64.so.1", "/lib64/ld-linux-aarch64.so.1"],
};

/** Node's own report names the C library too, but takes 20 ms to make; the loader's path is as sure. */
function libcOf(architecture) {
  const musl = existsSync(loadersOfMusl[architecture] ?? "");
  const glibc = (loadersOfGlibc[architecture] ?? []).some((path) => existsSync(path));
  return musl && !glibc ? "musl" : "glibc";
}

/** The npm package that holds Bun for this machine, for instance `@oven/bun-linux-x64`. */
export function bunPackageOf(platform, architecture, libc) {
  const key = platform === "linux" ? `${platform} ${architecture} ${libc}` : `${platform} ${architecture}`;
  const name = packages[key];
  if (!name) throw new LaunchError(`Bun has no build for ${key}; Headrace runs on Linux and macOS, x64 and arm64.`);
  return `@oven/${name}`;
}

function packageFolder(root) {
  const { platform, arch } = process;
  return join(root, "node_modules", bunPackageOf(platform, arch, platform === "linux" ? libcOf(arch) : undefined));
}

/** Whether the Bun of this machine is installed (a folder copied from another system holds another system's). */
export function hasBun(root) {
  return existsSync(join(packageFolder(root), "bin", "bun"));
}

/**
 * The path of the Bun binary. It lies in a platform package that npm picks by itself; the `bun` package only moves it
 * in an install script, and install scripts do not run here.
 */
export function findBun(root) {
  const folder = packageFolder(root);
  const binary = join(folder, "bin", "bun");
  if (!existsSync(binary)) {
    throw new LaunchError(
      `${folder} is missing: npm left out the optional package that holds Bun. Check that npm does not omit optional packages (npm config get omit), delete node_modules and start again.`,
    );
  }
  const wanted = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).dependencies.bun;
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (version !== wanted) {
    throw new LaunchError(`Bun ${version} is installed, but ${wanted} is needed. Delete node_modules and start again.`);
  }
  return binary;
}
