import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OwnCluster, startCluster } from "../../../cluster/cluster.ts";
import { type Kube, startKube } from "../index.ts";
import { objectAt, textAt } from "../json.ts";
import { configMap, core, del, get, post } from "./case.ts";
import { connect, type Target } from "./http.ts";
import { compareRuns, runCase } from "./run.ts";

/*
 * Answers that a control plane gives only when something is done to it: these break it, so they have one of their own.
 */

const maps = `${core}/configmaps`;
const before = {
  area: "list, watch" as const,
  name: "before compaction",
  steps: [post(maps, configMap("a", {}), 201), post(maps, configMap("b", {}), 201), del(`${maps}/a`, 200)],
};

/** Where a server's history stood, to be asked for after it is gone. */
async function past(target: Target, namespace: string): Promise<{ readonly revision: string; readonly page: string }> {
  const answer = await connect(target)({
    method: "GET",
    path: `/api/v1/namespaces/${namespace}/configmaps?limit=1`,
    token: target.adminToken,
  });
  const metadata = objectAt(JSON.parse(answer.text), "metadata");
  return { revision: textAt(metadata, "resourceVersion") ?? "", page: textAt(metadata, "continue") ?? "" };
}

const after = (revision: string, page: string) => ({
  area: "list, watch" as const,
  name: "a watch and a page from a compacted version are gone",
  steps: [
    { do: "watch" as const, path: `${maps}?watch=1&resourceVersion=${revision}` },
    get(`${maps}?limit=1&continue=${page}`, 410, { only: [["reason"], ["code"], ["status"], ["message"]] }),
    get(maps, 200, { only: [["kind"]] }),
  ],
});

describe("after compaction", () => {
  let real: OwnCluster;
  let kube: Kube;
  beforeAll(async () => {
    [real, kube] = await Promise.all([startCluster({ nodes: 1 }), startKube({ nodes: 1 })]);
  });
  afterAll(async () => {
    await Promise.all([real[Symbol.asyncDispose](), kube[Symbol.asyncDispose]()]);
  });

  it("both servers say that the history is gone", async () => {
    const name = (await real.namespace("gone")).name;
    const embeddedName = await kube.namespace("gone");
    await Promise.all([runCase(before, real, name), runCase(before, kube, embeddedName)]);
    const [realPast, embeddedPast] = await Promise.all([past(real, name), past(kube, embeddedName)]);
    const more = { ...before, steps: [post(maps, configMap("c", {}), 201), post(maps, configMap("d", {}), 201)] };
    await Promise.all([runCase(more, real, name), runCase(more, kube, embeddedName)]);
    kube.compact();
    await real.compact();
    // The watch cache still holds what etcd has forgotten: only a new API server has to say so.
    await real.kill("kube-apiserver");
    await real.start("kube-apiserver");
    const truth = await runCase(after(realPast.revision, realPast.page), real, name);
    const embedded = await runCase(after(embeddedPast.revision, embeddedPast.page), kube, embeddedName);
    compareRuns("a watch and a page from a compacted version are gone", truth, embedded);
    expect(JSON.stringify(embedded)).toContain("Expired");
  });
});

describe("a busy server", () => {
  it("answers 429 with the same words and Retry-After", async () => {
    const apiserverArgs = [
      "--enable-priority-and-fairness=false",
      "--max-requests-inflight=1",
      "--max-mutating-requests-inflight=1",
    ];
    await using real = await startCluster({ nodes: 1, apiserverArgs });
    await using kube = await startKube({ faults: [{ match: "/api/v1/nodes", status: 429, retryAfter: 1 }] });
    const ask = (target: Target) => connect(target)({ method: "GET", path: "/api/v1/nodes", token: target.ciToken });
    const shape = ({ status, headers, text }: Awaited<ReturnType<typeof ask>>) => ({
      status,
      text,
      retryAfter: headers["retry-after"],
      type: headers["content-type"],
    });
    const answers = await Promise.all(Array.from({ length: 400 }, () => ask(real)));
    const busy = answers.find(({ status }) => status === 429);
    expect(busy).toBeDefined();
    if (busy !== undefined) expect(shape(await ask(kube))).toEqual(shape(busy));
  });
});
