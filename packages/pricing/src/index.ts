export { type Allocatable, allocatable, type KubeletOptions } from "./allocatable.ts";
export { type BookInit, createPriceBook, type PriceBook, type UnitPrice } from "./book.ts";
export { calendarDate, minorNumber, newestMinor, type SupportWindow, supportWindow } from "./calendar.ts";
export { embeddedRegions, embeddedTable, isUsageKey, serviceKeys, serviceUnit } from "./embedded.ts";
export { type InstanceType, instanceType, instanceTypes, nameParts, nearestTypes } from "./instance.ts";
export {
  abs,
  decimalText,
  divideRounded,
  fromMicros,
  HOURS_PER_MONTH,
  type Money,
  parseDecimal,
  percent,
  ratio,
  showDelta,
  showMoney,
  showUnitPrice,
  sum,
  times,
  toCents,
  toMicros,
  toNumber,
} from "./money.ts";
export { type Adjustments, DISCOUNT_GROUPS, type DiscountGroup, type PriceFile, parsePriceFile } from "./price-file.ts";
export { flatPrice, type PriceTable, type ServicePrice, type SourceName, type Tier } from "./source.ts";
export { type FieldPath, nearest, type Strict, type StrictDocument, strict } from "./strict.ts";
