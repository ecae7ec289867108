import { createHash } from "node:crypto";
import { existsSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { findBun, hasBun } from "./bun-binary.mjs";
import { withInstallLock } from "./install-lock.mjs";
import { npmInstall } from "./npm-install.mjs";

/** Brings node_modules to what package-lock.json says; returns at once (about 1 ms) where it is there already. */
export async function ensureDependencies(root) {
  if (isInstalled(root)) return;
  await withInstallLock(join(root, ".headrace-install.lock"), async () => {
    if (isInstalled(root)) return;
    if (!matchesHiddenLockfile(root)) await npmInstall(root, expectedPackages(root));
    linkBunCommand(root);
    writeFileSync(markerPath(root), lockfileHash(root));
  });
}

const markerPath = (root) => join(root, "node_modules", ".headrace-lock");

function lockfileHash(root) {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

function isInstalled(root) {
  const marker = markerPath(root);
  return existsSync(marker) && readFileSync(marker, "utf8") === lockfileHash(root) && hasBun(root);
}

/** Whether npm itself, called by hand, has already installed this lockfile: its own record lies in node_modules. */
function matchesHiddenLockfile(root) {
  const hidden = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(hidden) || !hasBun(root)) return false;
  const installed = JSON.parse(readFileSync(hidden, "utf8")).packages;
  const wanted = readLockedPackages(root).filter(([path, entry]) => path.includes("node_modules/") && !entry.optional);
  return wanted.every(([path, entry]) => installed[path]?.version === entry.version);
}

function readLockedPackages(root) {
  return Object.entries(JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages);
}

/** Folders that a complete installation has on every system. */
function expectedPackages(root) {
  return readLockedPackages(root).flatMap(([path, entry]) =>
    path.includes("node_modules/") && !entry.optional && !entry.link ? [join(root, path, "package.json")] : [],
  );
}

/** Lets `node_modules/.bin/bun` run what the launcher runs; the `bun` package holds a text there until its script ran. */
function linkBunCommand(root) {
  const command = join(root, "node_modules", "bun", "bin", "bun.exe");
  if (existsSync(command)) unlinkSync(command);
  symlinkSync(relative(join(command, ".."), findBun(root)), command);
}
