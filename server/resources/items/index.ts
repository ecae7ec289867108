export { assignIds, type NamedItem } from "./assign-ids.ts";
export { pageOfItems, toItemPage } from "./item-page.ts";
export { toListedItem } from "./listed-item.ts";
export { type KeptItem, kindOf } from "./stored-item.ts";
