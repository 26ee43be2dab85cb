export { type Align, bar, details, symbols, table } from "./blocks.ts";
export { code, cutMiddle, entities, oneLine, text } from "./escape.ts";
export { type BodyBudget, COMMENT_BUDGET, type FittedBody, fitBody, isWithin, type Part } from "./fit.ts";
export { type Footer, footer } from "./footer.ts";
export { version } from "./version.ts";
