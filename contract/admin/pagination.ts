import { z } from "zod";
import { integer } from "../common/fields.ts";
import { idCharactersMax } from "../common/limits.ts";
import { pageObjectsMax } from "./limits.ts";

/** The id of the object that a page starts after or ends before. The SDK writes null as an empty text. */
const cursor = z
  .string()
  .max(idCharactersMax)
  .regex(/^[!-~]*$/)
  .transform((id) => (id === "" ? undefined : id));

/** What every list takes. A list that takes more extends it. */
export const pageQuery = z.strictObject({
  after: cursor.optional(),
  limit: integer(1, pageObjectsMax).optional(),
});

/** What lists take that can be read backwards too. */
export const twoWayPageQuery = pageQuery.extend({ before: cursor.optional() });

/** Objects of a page where the caller does not say how many. */
export const pageObjectsDefault = 20;

/**
 * The page of a list. It suits both of the SDK's cursors: `CursorPage` goes on after the last object's id,
 * `ConversationCursorPage` after `last_id`. Both ids are null where the page is empty.
 */
export function pageOf<Element extends z.ZodType>(element: Element) {
  return z.object({
    object: z.literal("list"),
    data: z.array(element),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  });
}

export type PageQuery = z.output<typeof pageQuery>;
export type TwoWayPageQuery = z.output<typeof twoWayPageQuery>;
export type PageOf<Element extends z.ZodType> = z.output<ReturnType<typeof pageOf<Element>>>;
