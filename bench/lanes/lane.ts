import { type Figure, medianOf, spreadOf } from "../figure.ts";
import type { LoadResult } from "../load/job.ts";
import { isLoadedMachineFine, type Trial } from "./trial.ts";

type Judgement = { readonly asked: string; readonly isMet: (median: number) => boolean };

/** One lane's trials, round by round: what they reached, or why they say nothing. */
export class Lane {
  readonly #name: string;
  readonly #results = new Map<number, LoadResult>();
  readonly #voids: string[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  add(round: number, trial: Trial): void {
    if (trial.void === undefined) this.#results.set(round, trial.result);
    else this.#voids.push(trial.void);
  }

  /** Why a round of it does not count; undefined where all do. */
  get whyVoid(): string | undefined {
    const [why] = this.#voids;
    return why && `the ${this.#name} lane was: ${why}`;
  }

  /** Of a round that counts; undefined of one that does not. */
  of(round: number): LoadResult | undefined {
    return this.#results.get(round);
  }

  /**
   * A line of the table: the median and range of what `measure` finds in the rounds that count.
   * @param against the lane that `measure` holds this one against.
   */
  figure(
    what: string,
    unit: string,
    digits: number,
    measure: (result: LoadResult, round: number) => number | undefined,
    judgement?: Judgement,
    against?: Lane,
  ): Figure {
    const values = [...this.#results].flatMap(([round, result]) => measure(result, round) ?? []);
    const asked = judgement === undefined ? {} : { asked: judgement.asked };
    const name = `${this.#name}: ${what}`;
    if (values.length === 0) {
      const why = this.#voids[0] ?? against?.whyVoid ?? "nothing came of it";
      return { name, ...asked, reached: `void: ${why}`, ...(judgement === undefined ? {} : { isMet: false }) };
    }
    const voids = this.#voids.length === 0 ? "" : `, ${this.#voids.length} void: ${this.#voids[0]}`;
    const loaded = isLoadedMachineFine() ? ", **on a loaded machine**" : "";
    const reached = `${spreadOf(values, unit, digits)}${voids}${loaded}`.replace("  ", " ");
    return {
      name,
      ...asked,
      reached,
      ...(judgement === undefined ? {} : { isMet: judgement.isMet(medianOf(values)) }),
    };
  }
}

export function atLeast(min: number): Judgement {
  return { asked: `>= ${min.toLocaleString("en")}`, isMet: (median) => median >= min };
}

export function atMost(max: number, unit = ""): Judgement {
  return { asked: `<= ${max.toLocaleString("en")}${unit === "" ? "" : ` ${unit}`}`, isMet: (median) => median <= max };
}
