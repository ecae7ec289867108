import { type Environment, type SettingName, settingNames, settingValue } from "./environment.ts";
import { nearestName } from "./nearest-name.ts";
import type { SettingReader } from "./setting-reader.ts";

/** Settings that are part of the interface but do nothing yet. Ignoring one would be a promise that is not kept. */
const unserved: ReadonlyMap<SettingName, string> = new Map([
  ["HEADRACE_TLS_CERT", "Remove it and let a proxy in front end TLS"],
  ["HEADRACE_TLS_KEY", "Remove it and let a proxy in front end TLS"],
  ["HEADRACE_TLS_CLIENT_CA", "Remove it and let a proxy in front check client certificates"],
  ["HEADRACE_BLOB_URL", "Remove it: nothing is stored as a blob yet"],
  ["HEADRACE_ALLOW_HOSTS", "Remove it: nothing fetches URLs that callers write yet"],
]);

/** Reports settings that this version can't serve, and names that look like settings and are none. */
export function reportRefusedSettings(environment: Environment, reader: SettingReader): void {
  const notYet = "is not served by this version yet";
  for (const [name, remedy] of unserved) {
    if (reader.text(name) !== undefined) reader.report(name, notYet, remedy);
  }
  const processes = reader.integer("HEADRACE_PROCESSES", 1, 1024) ?? 1;
  if (processes > 1) {
    reader.report("HEADRACE_PROCESSES", `more than one process ${notYet}`, "Set it to 1 or remove it");
  }
  const events = reader.text("HEADRACE_EVENTS_DATABASE_URL");
  if (events !== undefined && events !== reader.text("HEADRACE_DATABASE_URL")) {
    reader.report(
      "HEADRACE_EVENTS_DATABASE_URL",
      `a second database for events ${notYet}`,
      "Remove it, or set it to the same value as HEADRACE_DATABASE_URL",
    );
  }
  reportUnknownNames(environment, reader);
}

/** Variables that Kubernetes gives to every pod beside a Service called `headrace`. */
const serviceLink = /^HEADRACE_(SERVICE_(HOST|PORT)|PORT_\d+_(TCP|UDP))/;

function reportUnknownNames(environment: Environment, reader: SettingReader): void {
  const known = new Set<string>(settingNames);
  const linkRemedy = "Set `enableServiceLinks: false` in the pod's spec, or call the Service something else";
  for (const name of Object.keys(environment).sort()) {
    if (!name.startsWith("HEADRACE_") || name.startsWith("HEADRACE_TEST_") || known.has(name)) continue;
    if (serviceLink.test(name)) {
      reader.report(name, "was set by Kubernetes for a Service called headrace", linkRemedy);
      continue;
    }
    const nearest = nearestName(name, known);
    const remedy = nearest === undefined ? "Remove it" : `Did you mean ${nearest}?`;
    reader.report(name, "is not a setting of this version", remedy);
  }
  if (settingValue(environment, "HEADRACE_PORT")?.startsWith("tcp://")) {
    reader.report("HEADRACE_PORT", "was set by Kubernetes for a Service called headrace", linkRemedy);
  }
}
