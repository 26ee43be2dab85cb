import { parseDuration } from "@eks-actions/action";
import { isRecord } from "@eks-actions/manifest";
import { yamlValue } from "./rules.ts";

/** One probe after the gate. */
export interface SmokeProbe {
  readonly target: SmokeTarget;
  readonly status: number;
  /** The answer must contain this text. */
  readonly body: string | undefined;
  readonly withinMs: number;
  /** Good answers in a row. */
  readonly times: number;
}

/** A Service through the API server's proxy, or an address that the runner asks itself. */
export type SmokeTarget =
  | {
      readonly kind: "service";
      readonly service: string;
      /** Number or name. */
      readonly port: string;
      /** Begins with a slash. */
      readonly path: string;
    }
  | { readonly kind: "url"; readonly url: string };

/** A YAML list of `{url}` or `{service, port, path}`, each with `{status, body, within, times}`. */
export function parseSmoke(value: string): readonly SmokeProbe[] | undefined {
  const found = yamlValue(value);
  return (Array.isArray(found) ? found : [found]).map((item: unknown) => {
    if (!isRecord(item)) throw new Error("a probe is no mapping");
    const target = targetOf(item);
    const name = target.kind === "url" ? target.url : target.service;
    const within = parseDuration(String(item["within"] ?? "30s"));
    if (within === undefined) throw new Error(`\`within\` of the probe of ${name} is no duration`);
    return {
      target,
      status: wholeNumber(item, "status", 200, name),
      body: item["body"] === undefined ? undefined : String(item["body"]),
      withinMs: within,
      times: wholeNumber(item, "times", 1, name),
    };
  });
}

function targetOf(item: Readonly<Record<string, unknown>>): SmokeTarget {
  const { url, service } = item;
  if (typeof url === "string" && service === undefined) {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new Error("`url` must be an http or https URL");
    return { kind: "url", url };
  }
  if (typeof service !== "string" || url !== undefined) throw new Error("a probe has either `service` or `url`");
  const path = String(item["path"] ?? "/");
  if (!path.startsWith("/") || path.includes(".."))
    throw new Error(`\`path\` of the probe of ${service} must begin with a slash`);
  return { kind: "service", service, port: String(item["port"] ?? "80"), path };
}

function wholeNumber(item: Readonly<Record<string, unknown>>, field: string, fallback: number, name: string): number {
  const value = item[field] === undefined ? fallback : Number(item[field]);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`\`${field}\` of the probe of ${name} is no positive number`);
  return value;
}
