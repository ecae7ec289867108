import fc from "fast-check";

/** What an id names. An operator's keys stand under a name of their own, since they are no organization's. */
export const idNames = [
  "api_key_id",
  "completion_id",
  "conversation_id",
  "invite_id",
  "invite_token",
  "item_id",
  "key_id",
  "operator_key_id",
  "organization_id",
  "project_id",
  "response_id",
  "service_account_id",
  "user_id",
] as const;
export type IdName = (typeof idNames)[number];

/** In ten picks, so many are of the id that was learned last: a chain goes on with what it made. */
const newestPicks = 6;
const picksMax = 10;

const placePattern = /~(foreign-)?([a-z_]+)\.(\d+)~/g;

/** Stands in a request for an id that is known only when it is sent. */
export function place(name: IdName): fc.Arbitrary<string> {
  return fc.nat(picksMax * 100 - 1).map((pick) => `~${name}.${pick}~`);
}

/** The same for an id of another organization. */
export function foreignPlace(name: IdName): string {
  return `~foreign-${name}.0~`;
}

export function hasForeignPlace(text: string): boolean {
  return text.includes("~foreign-");
}

/** The ids that a chain of requests has come by. */
export class KnownIds {
  readonly #ids = new Map<string, string[]>();

  learn(name: IdName, id: string): void {
    this.#ids.set(name, [...this.of(name), id]);
  }

  of(name: string): readonly string[] {
    return this.#ids.get(name) ?? [];
  }
}

/** Fills the places of a text. An id that is not known yet becomes one that nobody has. */
export function fillPlaces(text: string, own: KnownIds, foreign: KnownIds): string {
  return text.replace(placePattern, (_, isForeign: string | undefined, name: string, digits: string) => {
    const ids = (isForeign === undefined ? own : foreign).of(name);
    const pick = Number(digits);
    const id = pick % picksMax < newestPicks ? ids.at(-1) : ids[Math.floor(pick / picksMax) % ids.length];
    return id ?? `nobody-has-${name}`;
  });
}
