import type { ConfigProblem } from "./config-error.ts";
import { type Environment, type SettingName, settingValue } from "./environment.ts";

/** Reads settings one by one and keeps what is wrong with them, so that all of it can be said at once. */
export class SettingReader {
  readonly problems: ConfigProblem[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  report(name: string, problem: string, remedy: string): undefined {
    this.problems.push({ name, problem, remedy });
  }

  text(name: SettingName): string | undefined {
    return settingValue(this.#environment, name);
  }

  /** A whole number within bounds, both included; undefined where it is not set or wrong. */
  integer(name: SettingName, min: number, max: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    return this.report(name, "is not a whole number in range", `Set it to a number from ${min} to ${max}`);
  }

  oneOf<const Choice extends string>(name: SettingName, choices: readonly Choice[]): Choice | undefined {
    const text = this.text(name);
    const choice = choices.find((each) => each === text);
    if (text === undefined || choice !== undefined) return choice;
    return this.report(name, "has a value that is not known", `Set it to one of ${choices.join(", ")}`);
  }

  /** A URL with one of these schemes (`https:`). What was given is not repeated: it may hold a password. */
  url(name: string, schemes: readonly string[]): URL | undefined {
    const text = settingValue(this.#environment, name);
    if (text === undefined) return undefined;
    const url = URL.parse(text);
    if (url !== null && schemes.includes(url.protocol)) return url;
    const wanted = schemes.map((scheme) => `${scheme}//…`).join(" or ");
    return this.report(name, "is not a URL of a kind that can be used here", `Write it as ${wanted}`);
  }

  /** Comma-separated, each part read by `parse`; a part that it can't read is a problem of its own. */
  list<Item>(name: SettingName, parse: (part: string) => Item | undefined, wanted: string): readonly Item[] {
    const items: Item[] = [];
    const parts = (this.text(name) ?? "").split(",").map((part) => part.trim());
    for (const part of parts.filter((each) => each !== "")) {
      const item = parse(part);
      if (item === undefined)
        this.report(name, `holds "${part}", which is not ${wanted}`, "Separate items with commas");
      else items.push(item);
    }
    return items;
  }
}
