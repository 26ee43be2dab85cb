import type { Table } from "../section.ts";
import { type Spread, shown, spread } from "../spread.ts";
import type { AuthSample } from "./section.ts";

export const PEER = "model of configure-aws-credentials";

/**
 * What configure-aws-credentials 6.2.3 itself took over an empty process (Node 24.21, 2 cores), where it was recorded. The
 * floor took 74 ms there, so these are to be compared by their multiple of it, not by milliseconds.
 */
const RECORDED: Readonly<Record<string, string>> = {
  "floor: two requests, no library": "74 ms",
  [PEER]: "366 ms, 3 requests: 4.9 × the floor",
  post: "125 ms",
  "denied by the trust policy": "125 s, 12 STS calls",
  "`id-token: write` is missing": "64 s",
};

export function authTables(samples: readonly AuthSample[], peerBytes: number): readonly Table[] {
  const names = [...new Set(samples.map(({ what }) => what))];
  const wall = new Map(names.map((what) => [what, of(samples, what, ({ ms }) => ms)]));
  const empty = wall.get("empty Node")?.median ?? Number.NaN;
  const over = (what: string) => (wall.get(what)?.median ?? Number.NaN) - empty;
  const cpu = (what: string) => of(samples, what, ({ cpuMs }) => cpuMs).median;
  const cpuOver = (what: string) => (cpu(what) - cpu("empty Node")) / (cpu(PEER) - cpu("empty Node"));
  return [
    {
      title: "auth on loopback",
      note:
        "Wall milliseconds as median (min–max), the harness included in all rows. The peer is no npm package: its row is a " +
        `model of the same libraries (${(peerBytes / 1e6).toFixed(2)} MB where the action has 3.09 MB), packed by ncc as it is, with its three ` +
        "requests and without its own code. CPU says the same with less noise on a busy machine.",
      headers: [
        "what",
        "wall ms",
        "over empty ms",
        "over empty, to that of the model",
        "CPU ms",
        "CPU over empty, to that of the model",
        "OIDC + AWS requests",
        "peak MB",
        "recorded of 6.2.3",
      ],
      rows: names.map((what) => [
        what,
        shown(of(samples, what, ({ ms }) => ms)),
        over(what).toFixed(0),
        `${(over(what) / over(PEER)).toFixed(2)} ×`,
        shown(of(samples, what, ({ cpuMs }) => cpuMs)),
        `${cpuOver(what).toFixed(2)} ×`,
        requestsOf(samples, what),
        shown(of(samples, what, ({ peakMb }) => peakMb)),
        RECORDED[what] ?? "",
      ]),
    },
  ];
}

function requestsOf(samples: readonly AuthSample[], what: string): string {
  const seen = samples.filter((one) => one.what === what).map(({ oidc, sts }) => `${oidc} + ${sts}`);
  return [...new Set(seen)].join(" or ");
}

function of(samples: readonly AuthSample[], what: string, figure: (one: AuthSample) => number): Spread {
  return spread(samples.filter((one) => one.what === what).map(figure));
}
