import { z } from "zod";
import { count } from "../common/fields.ts";

/** Which event this is within its response: 0 for the first, one more for each that follows. */
const sequenceNumber = count;

/** An event about the whole response. */
export function responseEvent<const Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) {
  return z.object({ type: z.literal(type), sequence_number: sequenceNumber, ...shape });
}

/** An event about one item of the output. */
export function itemEvent<const Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) {
  return responseEvent(type, { output_index: count, item_id: z.string(), ...shape });
}

/** An event about one content part of one item. */
export function partEvent<const Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) {
  return itemEvent(type, { content_index: count, ...shape });
}

/** Random characters that hide the length of a delta from who watches the line; on unless the caller turns it off. */
export const obfuscation = z.string().optional();

/** An event that is recognised by its type; the feature that sends it describes the rest. */
export function recognisedEvent<const Type extends string>(type: Type) {
  return z.looseObject({ type: z.literal(type), sequence_number: sequenceNumber });
}
