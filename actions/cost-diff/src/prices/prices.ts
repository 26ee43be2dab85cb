import { ActionError, type Log } from "@eks-actions/action";
import {
  createPriceBook,
  embeddedTable,
  type Money,
  type PriceBook,
  type PriceFile,
  type PriceTable,
} from "@eks-actions/pricing";
import type { Warning } from "../model.ts";
import type { JobKeys } from "./job-keys.ts";

/** Reads live prices of a region; tests give their own. */
export type LivePrices = (region: string, keys: JobKeys, signal: AbortSignal) => Promise<PriceTable>;

export interface PriceRequest {
  readonly region: string;
  readonly source: "auto" | "live" | "embedded";
  /** Absent: AWS cannot be asked. */
  readonly keys: JobKeys | undefined;
  readonly live: LivePrices;
  readonly cached: PriceTable | undefined;
  readonly cacheAgeHours: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface FoundPrices {
  readonly region: string;
  /** Best first. */
  readonly tables: readonly PriceTable[];
  /** What live returned, to be kept. */
  readonly fresh: PriceTable | undefined;
  readonly warnings: readonly Warning[];
}

const CACHE_FRESH_HOURS = 24;
const CACHE_LAST_HOURS = 35 * 24;

/** Live, then cache, then what ships with the action. @throws ActionError `PRICING_DENIED`, `PRICING_UNAVAILABLE` */
export async function findPrices(request: PriceRequest): Promise<FoundPrices> {
  const { region, source, cached, cacheAgeHours } = request;
  const shipped = embeddedTable(region);
  const usable = cached !== undefined && cacheAgeHours <= CACHE_LAST_HOURS ? [cached] : [];
  const rest = [...usable, ...(shipped === undefined ? [] : [shipped])];
  const isCacheEnough = source === "auto" && usable.length > 0 && cacheAgeHours < CACHE_FRESH_HOURS;
  if (source === "embedded")
    return { region, tables: shipped === undefined ? [] : [shipped], fresh: undefined, warnings: [] };
  if (isCacheEnough || (source === "auto" && request.keys === undefined))
    return { region, tables: rest, fresh: undefined, warnings: [] };
  if (request.keys === undefined) {
    throw new ActionError("PRICING_DENIED", {
      message:
        "`price-source: live` needs credentials, and neither the job's environment nor its AWS_PROFILE holds keys",
      hint: "put the auth action before this step, or use `price-source: auto`",
    });
  }
  try {
    const live = await request.live(region, request.keys, request.signal);
    return { region, tables: [live, ...(source === "live" ? [] : rest)], fresh: live, warnings: [] };
  } catch (error) {
    if (source === "live" || !(error instanceof ActionError) || !/^PRICING_/.test(error.code)) throw error;
    const args = { reason: error.message.slice(0, 200) };
    return { region, tables: rest, fresh: undefined, warnings: [{ code: "PRICES_LIVE_FAILED", args }] };
  }
}

export function bookOf(found: FoundPrices, file: PriceFile | undefined, spotDiscount: Money | undefined): PriceBook {
  return createPriceBook({ region: found.region, tables: found.tables, file, spotDiscount });
}
