import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { GeneratedFile } from "../generate/generated-file.ts";

/**
 * npm leaves an optional platform package out of the lockfile where the registry that it asked does not carry it
 * (mirrors often hold one platform only), and `npm ci` then refuses the lockfile everywhere. These entries are written
 * from what is known anyway: the exact version that the parent asks for, and the platform that the name spells.
 * An entry without `integrity` is installed as the registry serves it; `npm install` on a network that carries the
 * package adds the hash.
 */

type LockEntry = {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};

type Lockfile = { packages: Record<string, LockEntry> };

type Platform = { os?: string[]; cpu?: string[]; libc?: string[] };

const osWords: Record<string, string> = {
  android: "android",
  darwin: "darwin",
  mac: "darwin",
  freebsd: "freebsd",
  linux: "linux",
  openharmony: "openharmony",
  win: "win32",
  win32: "win32",
};

const cpuWords: Record<string, string> = {
  arm: "arm",
  arm64: "arm64",
  aarch64: "arm64",
  armv7l: "arm",
  ia32: "ia32",
  ppc64: "ppc64",
  riscv64: "riscv64",
  s390x: "s390x",
  wasm32: "wasm32",
  x64: "x64",
};

const libcWords: Record<string, string> = {
  gnu: "glibc",
  gnueabihf: "glibc",
  musl: "musl",
  musleabihf: "musl",
};

function wordsIn(name: string, dictionary: Record<string, string>): string[] | undefined {
  const found = name.split(/[/-]/).flatMap((word) => dictionary[word] ?? []);
  return found.length === 0 ? undefined : [...new Set(found)];
}

/** The platform that a package's name spells: `@biomejs/cli-linux-x64-musl` is linux, x64, musl. */
export function platformOfName(name: string): Platform {
  const os = wordsIn(name, osWords);
  const cpu = wordsIn(name, cpuWords);
  const libc = wordsIn(name, libcWords);
  return { ...(os && { os }), ...(cpu && { cpu }), ...(libc && { libc }) };
}

/** Where npm would look for `name` from `parentPath`, nearest first. */
function candidatePaths(parentPath: string, name: string): string[] {
  const paths: string[] = [];
  let folder = parentPath;
  while (folder !== "") {
    paths.push(`${folder}/node_modules/${name}`);
    const cut = folder.lastIndexOf("/node_modules/");
    folder = cut === -1 ? "" : folder.slice(0, cut);
  }
  return [...paths, `node_modules/${name}`];
}

/** The optional dependencies with an exact version that the lockfile has no entry for. */
function missingPlatformPackages(lockfile: Lockfile): { path: string; entry: LockEntry }[] {
  return Object.entries(lockfile.packages).flatMap(([parentPath, parent]) =>
    Object.entries(parent.optionalDependencies ?? {}).flatMap(([name, version]) => {
      if (!/^\d/.test(version)) return [];
      if (candidatePaths(parentPath, name).some((path) => lockfile.packages[path])) return [];
      const platform = platformOfName(name);
      if (!platform.os || !platform.cpu) return [];
      const { os, cpu, libc } = platform;
      const entry = { version, cpu, ...(parent.dev && { dev: true }), ...(libc && { libc }), optional: true, os };
      return [{ path: `node_modules/${name}`, entry }];
    }),
  );
}

/**
 * node-llama-cpp's Linux builds for other processors claim x64 too (for cross builds), so npm would bring 33 MB that an
 * x64 machine never loads. Their name says where they run.
 */
function narrowToNamedCpu(lockfile: Lockfile): void {
  for (const [path, entry] of Object.entries(lockfile.packages)) {
    if (!path.startsWith("node_modules/@node-llama-cpp/") || !entry.cpu) continue;
    entry.cpu = platformOfName(path).cpu ?? entry.cpu;
  }
}

/**
 * The same lockfile with an entry for every optional platform package, each for exactly the platform that it names.
 * Running it on its own result changes nothing.
 */
export function completeLockfile(text: string): string {
  const lockfile = JSON.parse(text) as Lockfile;
  for (const { path, entry } of missingPlatformPackages(lockfile)) lockfile.packages[path] = entry;
  narrowToNamedCpu(lockfile);
  const sorted = Object.entries(lockfile.packages).toSorted(([a], [b]) => a.localeCompare(b, "en"));
  lockfile.packages = Object.fromEntries(sorted);
  return `${JSON.stringify(lockfile, null, 2)}\n`;
}

const lockfilePath = fileURLToPath(new URL("../../package-lock.json", import.meta.url));

export const lockfile: GeneratedFile = {
  path: "package-lock.json",
  content: () => completeLockfile(readFileSync(lockfilePath, "utf8")),
};
