import { readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Cluster } from "../../cluster/access.ts";
import { measure } from "../process.ts";
import { type Contender, type Job, layOut } from "./contender.ts";
import type { FloorJob } from "./floor-program.ts";
import { type BenchObject, benchObjects, collection } from "./manifests.ts";

const PROGRAM = fileURLToPath(new URL("./floor-program.ts", import.meta.url));
// Reading types away takes a process a tenth of a second, which is no part of a floor.
const JAVASCRIPT = stripTypeScriptTypes(readFileSync(PROGRAM, "utf8"));

/** A raw client that is told what changed: N writes and one watch cold, three lists unchanged, both for one change. */
export function floor(cluster: Cluster): Contender {
  return {
    name: "floor: raw HTTP/2 client",
    phases: ["cold", "unchanged", "changed"],
    async run(job) {
      layOut(job, "all.yaml");
      const file = join(job.folder, "floor.json");
      writeFileSync(file, JSON.stringify(floorJob(job, cluster)));
      const program = join(job.folder, "floor.mjs");
      writeFileSync(program, JAVASCRIPT);
      const ran = await measure(process.execPath, [program, file], { env: { PATH: process.env["PATH"] ?? "" } });
      return { ...ran, green: ran.code === 0 };
    },
  };
}

function floorJob(job: Job, cluster: Cluster): FloorJob {
  const kinds = ["ConfigMap", "Service", "Deployment"] as const;
  const writes = changed(job).map((object) => ({
    path: `${collection(object.kind, job.namespace)}/${object.metadata.name}?fieldManager=floor&force=true`,
    body: JSON.stringify(object),
  }));
  const waits = writes.some(({ path }) => path.includes("/deployments/"));
  return {
    endpoint: JSON.parse(job.kubeconfig).clusters[0].cluster.server,
    ca: Buffer.from(cluster.caData, "base64").toString("utf8"),
    token: cluster.ciToken,
    lists: job.phase === "cold" ? [] : kinds.map((kind) => collection(kind, job.namespace)),
    writes,
    watch: waits ? `${collection("Deployment", job.namespace)}?watch=true` : undefined,
    wide: 32,
  };
}

function changed(job: Job): readonly BenchObject[] {
  if (job.phase === "cold") return job.objects;
  const before = new Set(benchObjects(job.objects.length, "first").map((object) => JSON.stringify(object)));
  return job.phase === "unchanged" ? [] : job.objects.filter((object) => !before.has(JSON.stringify(object)));
}
