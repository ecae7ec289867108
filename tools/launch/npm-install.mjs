import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { LaunchError } from "./launch-error.mjs";

const installArguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"];

/** Lines between which a log that is no terminal hears nothing. */
const progressLineMs = 5_000;
const progressTerminalMs = 250;

/** What npm's error codes mean to the person at the keyboard; the first that is found in npm's words is told. */
const advices = [
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|ENETUNREACH|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT/,
    "npm could not reach its registry. Behind a proxy, set HTTPS_PROXY; on a closed network, name your mirror with: npm config set registry <address>",
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/,
    "npm does not trust the registry's certificate. Name yours: npm config set cafile <file>",
  ],
  [
    /E401|E403|ENEEDAUTH/,
    "the registry refused npm's credentials, or does not allow a package. See npm's words above.",
  ],
  [/E404|ETARGET/, "the registry does not carry a package at the locked version. See npm's words above."],
  [/ENOSPC/, "the disk is full; about 1 GB is needed for dependencies and npm's cache."],
  [
    /EACCES|EPERM|EROFS/,
    "npm may not write here. Give this user the checkout and npm's cache folder (npm config get cache).",
  ],
  [
    /EUSAGE|EINTEGRITY/,
    "package-lock.json does not fit. In a fresh checkout this is a defect of ours, please report it.",
  ],
];

export function adviceOn(npmErrors) {
  const [, advice] = advices.find(([pattern]) => pattern.test(npmErrors)) ?? [undefined, "see npm's words above."];
  return advice;
}

/**
 * Runs `npm ci` with a count of packages on stderr (stdout belongs to the program that follows).
 * @param packageFiles the files whose presence shows how far it is
 */
export async function npmInstall(root, packageFiles) {
  process.stderr.write("headrace: installing dependencies (about 200 MB, once; install scripts do not run)\n");
  const startedAtMs = Date.now();
  const stopProgress = showProgress(packageFiles);
  const { exitCode, errors } = await runNpm(root).finally(stopProgress);
  if (exitCode !== 0) throw new LaunchError(`npm ci failed: ${adviceOn(errors)}`);
  process.stderr.write(`headrace: dependencies installed in ${Math.round((Date.now() - startedAtMs) / 1000)} s\n`);
}

function runNpm(root) {
  const npmScript = process.env.npm_execpath ?? "";
  const [command, first] = npmScript.endsWith("npm-cli.js") ? [process.execPath, [npmScript]] : ["npm", []];
  return new Promise((resolve, reject) => {
    const npm = spawn(command, [...first, ...installArguments], { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    npm.stderr.setEncoding("utf8").on("data", (text) => {
      errors += text;
      process.stderr.write(text);
    });
    npm.on("error", (error) => reject(new LaunchError(`npm could not be started (${error.code}). Is it on the PATH?`)));
    npm.on("close", (exitCode) => resolve({ exitCode, errors }));
  });
}

function showProgress(packageFiles) {
  const isTerminal = process.stderr.isTTY === true;
  const timer = setInterval(
    () => {
      const line = `headrace: ${packageFiles.filter((file) => existsSync(file)).length} of ${packageFiles.length} packages`;
      process.stderr.write(isTerminal ? `\r${line}` : `${line}\n`);
    },
    isTerminal ? progressTerminalMs : progressLineMs,
  );
  return () => {
    clearInterval(timer);
    if (isTerminal) process.stderr.write("\r\u001b[K");
  };
}
