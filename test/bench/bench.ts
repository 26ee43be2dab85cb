// Ratios against floors in the same run. Nothing here is asserted: budgets on bytes are in the bundle script, times are
// for people to read.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { bundleSizes } from "./bundles.ts";
import { loginTimes } from "./login.ts";
import { machine } from "./machine.ts";
import { coldStarts } from "./starts.ts";
import { toMarkdown } from "./table.ts";

const missing = ["auth", "bootstrap", "rollout", "cost-diff"].filter(
  (name) => !existsSync(`actions/${name}/dist/index.js`),
);
if (missing.length > 0) {
  console.error(`no bundle of ${missing.join(", ")}: run \`npm run bundle\` first`);
  process.exit(1);
}

const sizes = bundleSizes();
const starts = await coldStarts({ rounds: Number(process.env["BENCH_ROUNDS"] ?? 15) });
const logins = await loginTimes({ rounds: Number(process.env["BENCH_ROUNDS"] ?? 15) });
const report = { schemaVersion: 1, date: new Date().toISOString(), machine: machine(), sizes, starts, logins };
const markdown = [
  `Measured ${report.date.slice(0, 10)} on ${report.machine}.`,
  toMarkdown(
    ["bundle", "JavaScript kB", "gzipped kB", "entry kB", "budget kB"],
    sizes.map((size) => [size.action, kb(size.bytes), kb(size.gzip), kb(size.entry), kb(size.budget)]),
  ),
  toMarkdown(
    ["start of", "min ms", "median ms", "max ms", "over empty Node ms", "× empty Node", "peak MB"],
    starts.map((start) => [
      start.what,
      start.min.toFixed(0),
      start.median.toFixed(0),
      start.max.toFixed(0),
      start.overEmpty.toFixed(0),
      start.ratio.toFixed(2),
      start.peakMb.toFixed(0),
    ]),
  ),
  toMarkdown(
    ["login of auth", "min ms", "median ms", "over empty Node ms"],
    logins.map((login) => [login.what, login.min.toFixed(0), login.median.toFixed(0), login.overEmpty.toFixed(0)]),
  ),
].join("\n\n");
mkdirSync(".bench", { recursive: true });
writeFileSync(".bench/report.json", `${JSON.stringify(report, null, 2)}\n`);
writeFileSync(".bench/report.md", `${markdown}\n`);
console.log(markdown);

function kb(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}
