import { parseDuration } from "@eks-actions/action";
import { isRecord } from "@eks-actions/manifest";
import { yamlValue } from "./input-rules.ts";

/** One probe after the gate, through the API server's proxy. */
export interface SmokeProbe {
  readonly service: string;
  /** Number or name. */
  readonly port: string;
  /** Begins with a slash. */
  readonly path: string;
  readonly status: number;
  /** The answer must contain this text. */
  readonly body: string | undefined;
  readonly withinMs: number;
  /** Good answers in a row. */
  readonly times: number;
}

export function parseSmoke(value: string): readonly SmokeProbe[] | undefined {
  const found = yamlValue(value);
  return (Array.isArray(found) ? found : [found]).map((item: unknown) => {
    if (!isRecord(item) || typeof item["service"] !== "string") throw new Error("a probe has no `service`");
    const within = parseDuration(String(item["within"] ?? "30s"));
    if (within === undefined) throw new Error(`\`within\` of the probe of ${item["service"]} is no duration`);
    const path = String(item["path"] ?? "/");
    if (!path.startsWith("/") || path.includes(".."))
      throw new Error(`\`path\` of the probe of ${item["service"]} must begin with a slash`);
    return {
      service: item["service"],
      port: String(item["port"] ?? "80"),
      path,
      status: Number(item["status"] ?? 200),
      body: item["body"] === undefined ? undefined : String(item["body"]),
      withinMs: within,
      times: Math.max(1, Number(item["times"] ?? 1)),
    };
  });
}
