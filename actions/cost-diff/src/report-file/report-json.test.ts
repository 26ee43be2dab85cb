import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ActionError } from "@eks-actions/action";
import { COMMENT_BUDGET, isWithin } from "@eks-actions/markdown";
import { price } from "@eks-actions/test/journeys/cost-diff/in-process.ts";
import { webGrows, withCluster } from "@eks-actions/test/journeys/cost-diff/scene.ts";
import { Ajv } from "ajv";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { comment, isCurrent, readMeta } from "../comment/comment.ts";
import { tipCodes, warningCodes } from "../comment/sentences.ts";
import { joinReports, readReport, writeReport } from "./report-json.ts";
import type { ClusterReport, ReportFile } from "./report-model.ts";
import { schemaFault } from "./schema-check.ts";

const schema = JSON.parse(readFileSync(join(import.meta.dirname, "report.schema.json"), "utf8"));
const validate = new Ajv({ strict: false }).compile(schema);
const options = { runUrl: "https://example.com/run", isFork: false, previous: undefined };
let file: ReportFile;

beforeAll(async () => {
  const head = { ...webGrows.base, ...webGrows.head } as Record<string, string>;
  const base = webGrows.base as Record<string, string>;
  const { plan } = await price({ base, head, inputs: { ...withCluster, "pull-request": "41" } });
  file = { ...plan.file, headSha: "4f1c2ab9".repeat(5), baseSha: "9d0e1f2c".repeat(5) };
});

const only = (): ClusterReport => {
  const [cluster] = file.report.clusters;
  if (cluster === undefined) throw new Error("no cluster");
  return cluster;
};

describe("the report file", () => {
  it("is what its schema says, to a full validator and to our own reader", () => {
    expect(validate(JSON.parse(writeReport(file))), JSON.stringify(validate.errors)).toBe(true);
    expect(readReport(writeReport(file), "r.json")).toEqual(JSON.parse(JSON.stringify(file)));
  });

  it("keeps the order of its keys as documented", () => {
    expect(Object.keys(file)).toEqual([
      "schemaVersion",
      "kind",
      "pr",
      "headSha",
      "baseSha",
      "run",
      "generatedAt",
      "report",
    ]);
    expect(Object.keys(only()).slice(0, 11)).toEqual([
      "name",
      "region",
      "version",
      "support",
      "status",
      "total",
      "range",
      "lines",
      "packing",
      "workloads",
      "unchangedWorkloads",
    ]);
  });

  it("knows every code of the sentences", () => {
    const { warnings, clusters } = schema.properties.report.properties;
    expect([...warnings.items.properties.code.enum].sort()).toEqual([...warningCodes()].sort());
    expect([...clusters.items.properties.tips.items.properties.code.enum].sort()).toEqual([...tipCodes()].sort());
  });

  it("is judged like a full validator judges it, whatever one value becomes", () => {
    const paths: (string | number)[][] = [];
    const collect = (node: unknown, at: (string | number)[]) => {
      if (at.length > 0) paths.push(at);
      if (typeof node !== "object" || node === null) return;
      for (const [key, child] of Object.entries(node)) collect(child, [...at, Array.isArray(node) ? Number(key) : key]);
    };
    const plain = JSON.parse(writeReport(file));
    collect(plain, []);
    const junk = fc.oneof(
      fc.constant(null),
      fc.integer(),
      fc.double(),
      fc.string(),
      fc.boolean(),
      fc.constant([]),
      fc.constant({}),
      fc.constant("<b>"),
      fc.constant(1e13),
    );
    fc.assert(
      fc.property(fc.nat({ max: paths.length - 1 }), junk, (index, value) => {
        const changed = structuredClone(plain);
        const path = paths[index] ?? [];
        let node = changed;
        for (const step of path.slice(0, -1)) node = node[step];
        node[path.at(-1) ?? ""] = value;
        const json = JSON.parse(JSON.stringify(changed));
        expect(schemaFault(json, schema) === undefined).toBe(validate(json));
      }),
      { numRuns: 400 },
    );
  });

  it("never makes the reader fail in any other way", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          readReport(text, "r.json");
        } catch (error) {
          expect(error).toBeInstanceOf(ActionError);
          expect(error).toMatchObject({ code: "REPORT_INVALID" });
        }
      }),
    );
  });

  it("drops unchanged workloads above 900 KiB and stays readable", () => {
    const workload = only().workloads[0];
    if (workload === undefined) throw new Error("no workload");
    const many = Array.from({ length: 4000 }, (_, i) => ({
      ...workload,
      id: `default/Deployment/${"x".repeat(180)}${i}`,
      status: "unchanged" as const,
    }));
    const big = {
      ...file,
      report: { ...file.report, clusters: [{ ...only(), workloads: [workload, ...many], unchangedWorkloads: 4000 }] },
    };
    const text = writeReport(big);
    expect(Buffer.byteLength(text)).toBeLessThan(900 * 1024);
    expect(readReport(text, "r.json").report.clusters[0]?.workloads).toHaveLength(1);
  });

  it("joins only reports of one commit and different clusters", () => {
    expect(() => joinReports([file, file])).toThrow("cluster prod is in two reports");
    expect(() => joinReports([file, { ...file, headSha: "a".repeat(40) }])).toThrow("differ in headSha");
    expect(() => joinReports([])).toThrow("names no report");
  });
});

describe("the comment", () => {
  it("stays within GitHub's limits for 45 clusters of 400 workloads, totals whole", () => {
    const workload = only().workloads[0];
    if (workload === undefined) throw new Error("no workload");
    const clusters = Array.from({ length: 45 }, (_, c) => ({
      ...only(),
      name: `cluster-${c}`,
      workloads: Array.from({ length: 400 }, (_, w) => ({
        ...workload,
        id: `namespace-${w}/Deployment/workload-with-a-long-name-${w}`,
      })),
    }));
    const diff = Math.round(45 * file.report.total.diff * 1e6) / 1e6;
    const total = { base: 45 * file.report.total.base, head: 45 * file.report.total.head, diff, diffPercent: 39.6 };
    const body = comment({ ...file, report: { ...file.report, clusters, total } }, options);
    expect(isWithin(body, COMMENT_BUDGET)).toBe(true);
    expect(body).toContain("Cost → 45 clusters: +$3,226/month");
    expect(body.split("\n").filter((line) => line.startsWith("| `cluster-"))).toHaveLength(45);
    expect(body.split("<details>").length).toBe(body.split("</details>").length);
    expect(body).toMatch(/380 more in the job summary/);
  });

  it("is not broken by any name", () => {
    const workload = only().workloads[0];
    if (workload === undefined) throw new Error("no workload");
    const nasty = fc.string({
      unit: fc.constantFrom(
        "|",
        "`",
        "<",
        ">",
        "@",
        "#",
        "a",
        "1",
        "\n",
        "&",
        "[",
        "]",
        "(",
        ")",
        "\\",
        "!",
        ":",
        "/",
        "\u202e",
      ),
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(nasty, (name) => {
        const clusters = [
          {
            ...only(),
            workloads: [{ ...workload, id: name }],
            tips: [],
            unschedulable: [{ id: name, base: 0, head: 1, reason: `limit:${name}` }],
          },
        ];
        const warnings = [{ code: "VPA_AUTO" as const, args: { object: name }, file: null, line: null }];
        const body = comment({ ...file, report: { ...file.report, clusters, warnings } }, options);
        const outsideCode = body
          .replaceAll(/`[^`\n]*`|<code>[^<]*<\/code>/g, "")
          .replaceAll(/<a href="[^"]*">run<\/a>/g, "");
        expect(outsideCode).not.toMatch(/@[a-z0-9]|<(?!\/?(details|summary|sub|code)>|!--)|[^\\]\]\(/i);
        expect(body.split("<details>").length).toBe(body.split("</details>").length);
        const head = body.split("\n").findIndex((line) => line.startsWith("| Workload |"));
        expect(body.split("\n")[head + 2]?.split("|")).toHaveLength(8);
      }),
    );
  });

  it("reads back what it says of itself, and nothing that is forged into its text", () => {
    const body = comment(file, options);
    expect(readMeta(body)).toEqual({ run: 7, attempt: 1, head: file.headSha, diff: 71.68 });
    expect(readMeta("<!-- eks-actions/cost-diff meta run=1e9.1 head=zz diff=x -->")).toBeUndefined();
    expect(isCurrent(body, file, body)).toBe(true);
    expect(isCurrent(body.replace("run=7.1", "run=8.1").replace("+$71.68", "+$1"), file, body)).toBe(true);
    expect(isCurrent(body.replace("+$71.68", "+$1"), file, body)).toBe(false);
  });

  it("asks to look when pods have no place", () => {
    const clusters = [
      {
        ...only(),
        unschedulable: [{ id: "default/Deployment/web", base: 0, head: 2, reason: "limit:general/m5.large/on-demand" }],
      },
    ];
    const body = comment({ ...file, report: { ...file.report, clusters } }, options);
    expect(body).toContain("## ⚠️ Cost → cluster `prod`: at least +$71.68/month");
    expect(body).toContain("**2 pods cannot be placed, so the cost is at least this.**");
    expect(body).toContain("<details><summary>Pods without a place (2)</summary>");
  });
});
