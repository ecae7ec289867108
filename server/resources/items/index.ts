export { assignIds } from "./assign-ids.ts";
export { pageOfItems } from "./item-page.ts";
