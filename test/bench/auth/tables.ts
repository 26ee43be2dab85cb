import type { Table } from "../section.ts";
import { type Spread, shown, spread } from "../spread.ts";
import type { AuthSample } from "./section.ts";

const PEER = "recorded pattern of configure-aws-credentials";

/** What configure-aws-credentials 6.2.3 itself took over an empty process (Node 24.21, 2 cores), where it was recorded. */
const RECORDED: Readonly<Record<string, string>> = {
  [PEER]: "366 ms, 3 requests",
  post: "125 ms",
  "denied by the trust policy": "125 s, 12 STS calls",
  "`id-token: write` is missing": "64 s",
};

export function authTables(samples: readonly AuthSample[]): readonly Table[] {
  const names = [...new Set(samples.map(({ what }) => what))];
  const wall = new Map(names.map((what) => [what, of(samples, what, ({ ms }) => ms)]));
  const empty = wall.get("empty Node")?.median ?? Number.NaN;
  const over = (what: string) => (wall.get(what)?.median ?? Number.NaN) - empty;
  return [
    {
      title: "auth on loopback",
      note:
        "Wall milliseconds as median (min–max), the harness included in all rows. The peer is no npm package and is not " +
        "run here: its row replays its recorded requests and the size of its bundle, without the start of its SDK, and is " +
        "therefore faster than the peer itself.",
      headers: [
        "what",
        "wall ms",
        "over empty ms",
        "over empty, to that of the pattern",
        "CPU ms",
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
