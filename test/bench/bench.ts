// Ratios against peers and floors in the same run. Nothing here is asserted: budgets on bytes are in the bundle script,
// times are for people to read. `npm run bench -- [section…] [--rounds 5] [--sizes 10,100] [--rtt 0,20] [--without helm]
// [--tree folder] [--keep]`; with --keep the report becomes the one that the README quotes. `npm run bench -- report`
// makes it of what was measured before.
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { machine } from "./machine.ts";
import { writeReport } from "./report.ts";
import { type BenchOptions, type Section, Skipped } from "./section.ts";
import { toMarkdown } from "./table.ts";

const SECTIONS: Readonly<Record<string, () => Promise<Section>>> = {
  bundles: async () => (await import("./bundles.ts")).bundles,
  starts: async () => (await import("./starts.ts")).starts,
  auth: async () => (await import("./auth/section.ts")).auth,
  rollout: async () => (await import("./rollout/section.ts")).rollout,
  bootstrap: async () => (await import("./bootstrap/section.ts")).bootstrap,
  packing: async () => (await import("./packing/section.ts")).packing,
  "cost-diff": async () => (await import("./cost-diff/section.ts")).costDiff,
  harness: async () => (await import("./harness/section.ts")).harness,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string" },
    sizes: { type: "string", default: "10,100,1000" },
    rtt: { type: "string", default: "0,20" },
    tree: { type: "string", default: "." },
    without: { type: "string", default: "" },
    keep: { type: "boolean", default: false },
  },
});
const chosen = positionals.length > 0 ? positionals : Object.keys(SECTIONS);
const unknown = chosen.filter((name) => !(name in SECTIONS) && name !== "report");
if (unknown.length > 0) {
  console.error(`no section ${unknown.join(", ")}; there are ${Object.keys(SECTIONS).join(", ")}`);
  process.exit(1);
}
const options: BenchOptions = {
  rounds: values.rounds === undefined ? undefined : Number(values.rounds),
  sizes: values.sizes.split(",").map(Number),
  rtts: values.rtt.split(",").map(Number),
  tree: values.tree,
  without: values.without.split(",").filter((name) => name !== ""),
  print: (line) => console.error(line),
};
// The journeys' scenes take the tree from here.
process.env["ACTIONS_TREE"] = values.tree;
mkdirSync(".bench", { recursive: true });

for (const name of chosen.filter((one) => one in SECTIONS)) {
  const date = new Date().toISOString();
  const heading = `## ${name}\n\nMeasured ${date.slice(0, 16).replace("T", " ")} UTC on ${machine()}.`;
  const { text, figures } = await runSection(name);
  writeFileSync(
    `.bench/${name}.json`,
    `${JSON.stringify({ schemaVersion: 1, date, machine: machine(), ...figures })}\n`,
  );
  writeFileSync(`.bench/${name}.md`, `${heading}\n\n${text}\n`);
  console.log(`${heading}\n\n${text}\n`);
}
console.log(writeReport(".bench", Object.keys(SECTIONS), [".bench", ...(values.keep ? ["test/bench"] : [])]));

async function runSection(name: string): Promise<{ readonly text: string; readonly figures: object }> {
  try {
    const section = await SECTIONS[name]?.();
    const result = await section?.run(options);
    if (result === undefined) throw new Error(`no section ${name}`);
    return {
      text: result.tables.map(toMarkdown).join("\n\n"),
      figures: { tables: result.tables, figures: result.figures },
    };
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    return { text: `skipped: ${error.message}`, figures: { skipped: error.message } };
  }
}
