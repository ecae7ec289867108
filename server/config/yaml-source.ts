import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import type { ConfigProblem } from "./config-error.ts";
import { nearestName } from "./nearest-name.ts";

type Path = readonly PropertyKey[];

/** A YAML file that knows the line and column of each of its parts, and what is wrong with them. */
export class YamlSource {
  readonly problems: ConfigProblem[] = [];
  /** The file as plain data; undefined where it is not YAML. */
  readonly content: unknown;
  readonly #label: string;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;

  /** `label` is what messages call the file. */
  constructor(label: string, text: string) {
    this.#label = label;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, stringKeys: true });
    for (const error of this.#document.errors) this.#reportAt(error.pos[0], "", error.message, "Correct the YAML");
    if (this.problems.length === 0) this.content = this.#toPlainData();
  }

  #toPlainData(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      this.#reportAt(0, "", error instanceof Error ? error.message : String(error), "Write the parts out");
      return undefined;
    }
  }

  report(path: Path, problem: string, remedy: string): void {
    this.#reportAt(this.#offsetOf(path), pathText(path), problem, remedy);
  }

  /** What `schema` makes of the part at `path`, or undefined with every issue reported. */
  check<Schema extends z.ZodType>(schema: Schema, path: Path, value: unknown): z.output<Schema> | undefined {
    const result = schema.safeParse(value, { reportInput: true });
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      const at = [...path, ...issue.path];
      if (issue.code === "unrecognized_keys") this.#reportUnknown(schema, path, issue.path, issue.keys);
      else if (issue.code === "invalid_key") this.#reportKey(at, issue.issues[0]?.message ?? issue.message);
      else if (issue.input === undefined && issue.code !== "custom") this.report(at, "is missing", "Add it");
      else this.report(at, issue.message, "Correct it");
    }
    return undefined;
  }

  #reportUnknown(schema: z.ZodType, base: Path, inner: Path, names: readonly string[]): void {
    const known = namesAt(schema, inner);
    for (const name of names) {
      const nearest = nearestName(name, known);
      const remedy = nearest === undefined ? `Known here: ${known.join(", ")}` : `Did you mean \`${nearest}\`?`;
      this.#reportKey([...base, ...inner, name], "is not a name that this version knows", remedy);
    }
  }

  #reportKey(path: Path, problem: string, remedy = "Choose another name"): void {
    const map = this.#document.getIn(path.slice(0, -1), true);
    const pair = isMap(map) ? map.items.find(({ key }) => isScalar(key) && key.value === path.at(-1)) : undefined;
    const offset = isNode(pair?.key) ? pair.key.range?.[0] : undefined;
    this.#reportAt(offset ?? this.#offsetOf(path), pathText(path), problem, remedy);
  }

  /** Where the part begins; for one that is not there, where the part that should hold it begins. */
  #offsetOf(path: Path): number {
    for (let length = path.length; length >= 0; length--) {
      const node = this.#document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return 0;
  }

  #reportAt(offset: number, path: string, problem: string, remedy: string): void {
    const { line, col } = this.#lines.linePos(offset);
    const name = `${this.#label}:${line || 1}:${col || 1}${path === "" ? "" : ` ${path}`}`;
    this.problems.push({ name, problem, remedy });
  }
}

function pathText(path: Path): string {
  const parts = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`));
  return parts.join("").replace(/^\./, "");
}

/** The names that a schema knows at a path of objects. */
function namesAt(schema: unknown, path: Path): readonly string[] {
  if (schema instanceof z.ZodOptional) return namesAt(schema.unwrap(), path);
  if (!(schema instanceof z.ZodObject)) return [];
  const [first, ...rest] = path;
  if (first === undefined) return Object.keys(schema.shape);
  const shape: Record<PropertyKey, unknown> = schema.shape;
  return namesAt(shape[first], rest);
}
