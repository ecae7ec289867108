import { z } from "zod";
import { pairs } from "../common/collections.ts";
import { jsonObject, label, objectId, reasoningEffort, text, toolName, verbosity } from "../common/fields.ts";
import { descriptionCharactersMax, promptVariablesMax } from "../common/limits.ts";
import { inputPart } from "./content.ts";

const summaryKind = z.enum(["auto", "concise", "detailed"]);

/** How a reasoning model thinks. The same in a request and in the Response that answers it. */
export const reasoning = z
  .strictObject({
    context: z.enum(["auto", "current_turn", "all_turns"]).nullish(),
    effort: reasoningEffort.nullish(),
    generate_summary: summaryKind.nullish(),
    mode: label.optional(),
    summary: summaryKind.nullish(),
  })
  .meta({ id: "Reasoning" });

/** What the text of an answer must look like. */
export const textConfig = z
  .strictObject({
    format: z
      .discriminatedUnion("type", [
        z.strictObject({ type: z.literal("text") }),
        z.strictObject({ type: z.literal("json_object") }),
        z.strictObject({
          type: z.literal("json_schema"),
          name: toolName,
          schema: jsonObject,
          description: z.string().max(descriptionCharactersMax).optional(),
          strict: z.boolean().nullish(),
        }),
      ])
      .optional(),
    verbosity: verbosity.nullish(),
  })
  .meta({ id: "TextConfig" });

/** A reusable prompt and what is put into it. */
export const promptReference = z
  .strictObject({
    id: objectId,
    variables: pairs(z.string().max(256), z.union([text, inputPart]), promptVariablesMax).nullish(),
    version: label.nullish(),
  })
  .meta({ id: "PromptReference" });

export const serviceTier = z.enum(["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"]);
export const truncation = z.enum(["auto", "disabled"]);
export const cyberProgram = z.enum(["standard", "daybreak_blue", "daybreak_red"]);

export type Reasoning = z.output<typeof reasoning>;
export type TextConfig = z.output<typeof textConfig>;
