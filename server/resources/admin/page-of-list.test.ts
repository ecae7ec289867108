import { expect, test } from "bun:test";
import fc from "fast-check";
import { pageOfList } from "./page-of-list.ts";

const lists = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 30 }).map((ids) => ids.map((id) => ({ id })));
const limits = fc.integer({ min: 1, max: 10 });

test("pages read forwards hold each element once, in order", () => {
  fc.assert(
    fc.property(lists, limits, (list, limit) => {
      let page = pageOfList(list, { limit });
      const read = [...page.data];
      while (page.has_more) {
        page = pageOfList(list, { limit, after: page.last_id ?? "" });
        read.push(...page.data);
      }
      expect(read).toEqual(list);
    }),
  );
});

test("pages read backwards hold each element once, in order", () => {
  fc.assert(
    fc.property(lists, limits, (list, limit) => {
      const last = list.at(-1);
      fc.pre(last !== undefined);
      let page = pageOfList(list, { limit, before: last?.id });
      const read = [...page.data];
      while (page.has_more) {
        page = pageOfList(list, { limit, before: page.first_id ?? "" });
        read.unshift(...page.data);
      }
      expect(read).toEqual(list.slice(0, -1));
    }),
  );
});

test("a page between two cursors holds what stands between them, and nothing where they are crossed", () => {
  const list = ["a", "b", "c", "d"].map((id) => ({ id }));
  expect(pageOfList(list, { after: "a", before: "d" })).toEqual({
    object: "list",
    data: [{ id: "b" }, { id: "c" }],
    first_id: "b",
    last_id: "c",
    has_more: false,
  });
  expect(pageOfList(list, { after: "a", before: "d", limit: 1 })).toMatchObject({ last_id: "b", has_more: true });
  expect(pageOfList(list, { after: "d", before: "a" })).toMatchObject({ data: [], first_id: null, has_more: false });
});
