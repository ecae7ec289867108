import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The package index that pip on this machine would use: `PIP_INDEX_URL`, else `index-url` of pip's configuration files
 * (pip.pypa.io/en/stable/topics/configuration), the user's before the machine's. Undefined where neither says.
 */
export function pipIndexUrl(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  if (environment.PIP_INDEX_URL) return environment.PIP_INDEX_URL;
  const home = environment.HOME ?? homedir();
  const files = [
    environment.PIP_CONFIG_FILE,
    join(environment.XDG_CONFIG_HOME ?? join(home, ".config"), "pip", "pip.conf"),
    join(home, ".pip", "pip.conf"),
    "/etc/xdg/pip/pip.conf",
    "/etc/pip.conf",
  ];
  for (const file of files) {
    const found = file === undefined ? undefined : indexUrlOf(file);
    if (found !== undefined) return found;
  }
  return undefined;
}

function indexUrlOf(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    // Most machines have none of these files, and one that can't be read is pip's business, not ours.
    return undefined;
  }
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[(.+?)\]\s*$/.exec(line);
    if (header?.[1] !== undefined) section = header[1].trim();
    const setting = /^\s*index[-_]url\s*[=:]\s*(\S+)\s*$/.exec(line);
    if (setting?.[1] !== undefined && (section === "global" || section === "install")) return setting[1];
  }
  return undefined;
}
