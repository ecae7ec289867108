import { z } from "zod";
import { pageOf, pageQuery } from "../admin/pagination.ts";
import { objectId } from "../common/fields.ts";
import { operation } from "../common/operation.ts";
import { include } from "./request.ts";
import { storedItem } from "./stored-items.ts";

/** A page of items, the newest first where the caller does not say. */
export const itemPageQuery = pageQuery.extend({
  include: include.optional(),
  order: z.enum(["asc", "desc"]).optional(),
});

export const itemList = pageOf(storedItem).meta({ id: "ItemList" });

export const listInputItems = operation({
  id: "listInputItems",
  method: "GET",
  path: "/v1/responses/{response_id}/input_items",
  tag: "Responses",
  summary: "Lists the items that a stored response was made from: those of the turns before it, then its own input.",
  scope: "api.responses.read",
  params: z.strictObject({ response_id: objectId }),
  query: itemPageQuery,
  response: itemList,
  errors: ["not_found"],
});

export type ItemPageQuery = z.output<typeof itemPageQuery>;
export type ItemList = z.output<typeof itemList>;
