import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { describe, expect, it, vi } from "vitest";
import { commentBody, commentMarker } from "./report/comment.ts";
import { describe as describePlan } from "./report/describe.ts";

vi.setConfig({ testTimeout: 60_000 });

const golden = (name: string) => join(import.meta.dirname, "golden", name);
const run = {
  sha: "0123456789abcdef0123456789abcdef01234567",
  runUrl: "https://github.com/acme/infra/actions/runs/100/attempts/1",
};

const HEAD = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata:\n  name: shop\n  region: eu-west-1\n";
const CLUSTER = `${HEAD}managedNodeGroups:\n  - name: web\n    labels: {role: web}\n`;

describe("the comment on a pull request", () => {
  it("lists what a new cluster consists of", async () => {
    await using lab = await startLab({ iamPropagation: true, latency: false });
    const body = commentBody(await lab.look(CLUSTER), run);
    await expect(body).toMatchFileSnapshot(golden("comment-create.md"));
    expect(body).not.toContain("undefined");
  });

  it("shows changes from → to with their line's meaning, drift, consent and strangers", async () => {
    await using lab = await startLab({ iamPropagation: true, latency: false });
    await lab.run(CLUSTER);
    const live = lab.aws.account.clusters.get("shop")?.nodegroups.get("web");
    if (live !== undefined) live.labels = { role: "hacked", "a|b": "</details>@team" };
    const changed = `${CLUSTER}    maxSize: 5\n    instanceType: m5.xlarge\nvpc: {publicAccessCIDRs: [203.0.113.0/24]}\n`;
    const plan = await lab.look(changed);
    await expect(commentBody(plan, run)).toMatchFileSnapshot(golden("comment-change.md"));
    expect(commentMarker(plan)).toMatch(/^<!-- eks-actions:bootstrap:[0-9a-f]{8} -->$/);
    await expect(describePlan(plan).join("\n")).toMatchFileSnapshot(golden("log-change.txt"));
  });

  it("keeps hostile names and values inert", async () => {
    await using lab = await startLab({ iamPropagation: true, latency: false });
    const hostile = `${HEAD}  tags: {note: "</details> @team | \`x\` ::error::boom"}\nmanagedNodeGroups:\n  - name: web\n    labels: {a: "</details>"}\n`;
    await lab.run(CLUSTER);
    const body = commentBody(await lab.look(hostile), run);
    expect(body).not.toMatch(/[^`]<\/details> @team/);
    const outsideCode = body.replace(/`[^`\n]*`/g, "");
    expect(outsideCode.split("<details>")).toHaveLength(outsideCode.split("</details>").length);
    const rows = body.split("\n").filter((line) => line.startsWith("| "));
    expect(rows.map((row) => row.split("|").length)).toEqual(rows.map(() => 8));
  });
});

describe("the job summary", () => {
  it("tells a creation with its timeline", async () => {
    await using lab = await startLab({ iamPropagation: true });
    const ran = await lab.run(CLUSTER);
    await expect(stable(ran.summary)).toMatchFileSnapshot(golden("summary-apply.md"));
    const again = await lab.run(CLUSTER);
    await expect(stable(again.summary)).toMatchFileSnapshot(golden("summary-unchanged.md"));
  });

  it("puts the cause first when something failed", async () => {
    await using lab = await startLab({
      iamPropagation: true,
      faults: [
        { op: "eks:CreateNodegroup", nth: 1, error: { code: "InvalidParameterException", message: "the AMI is gone" } },
      ],
    });
    const ran = await lab.run(CLUSTER);
    expect(ran.code).toBe(1);
    expect(ran.outputs).toMatchObject({ result: "failed", cause: "AWS_REFUSED" });
    await expect(stable(ran.summary)).toMatchFileSnapshot(golden("summary-failed.md"));
  });

  it("is in golden files that somebody has looked at", () => {
    expect(readFileSync(golden("summary-apply.md"), "utf8")).toMatch(
      /^## ✅ `shop` → `eu-west-1`: converged, after 1[23]m/,
    );
  });
});

/** Request ids and the exact minute differ from run to run. */
function stable(markdown: string): string {
  return markdown
    .replace(/\d+ reads/, "… reads")
    .replace(/request [0-9a-f-]{36}/g, "request …")
    .replace(/\d{4}-\d{2}-\d{2} [\d:]+ UTC/g, "…");
}
