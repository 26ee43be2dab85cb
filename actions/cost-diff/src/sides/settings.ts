import { ActionError } from "@eks-actions/action";
import { type Strict, type StrictDocument, strict } from "@eks-actions/pricing";
import type { Inputs } from "../inputs.ts";
import type { Assumptions, ClusterSpec, Target } from "../model.ts";

export interface Settings {
  readonly targets: readonly Target[];
  readonly clusters: readonly ClusterSpec[];
  readonly assume: Assumptions;
}

export const noAssumptions: Assumptions = {
  storageClasses: new Map(),
  rootVolume: undefined,
  prefixDelegation: undefined,
  customNetworking: false,
  jobsAtPeak: false,
  placeholders: new Map(),
};

const NAME = /^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/;

/** `.github/cost.yaml`. @throws ActionError `CONFIG_INVALID`, `TARGET_DUPLICATE` */
export function readSettings(document: StrictDocument, inputs: Inputs): Settings {
  const read = strict("CONFIG_INVALID", document);
  read.fields([], ["schemaVersion", "targets", "clusters", "assume"]);
  if (read.whole(["schemaVersion"], 1, 1) === undefined) {
    read.fail(["schemaVersion"], "is missing", "write `schemaVersion: 1`");
  }
  const clusters = read.items(["clusters"]).map((_, index) => readCluster(read, index));
  const targets = read.items(["targets"]).map((_, index) => readTarget(read, index, inputs, clusters));
  const seen = new Map<string, number>();
  for (const [index, target] of targets.entries()) {
    const before = seen.get(target.id);
    if (before === undefined) {
      seen.set(target.id, index);
      continue;
    }
    throw new ActionError("TARGET_DUPLICATE", {
      message: `${document.file}: targets ${before + 1} (line ${document.lineOf(["targets", before])}) and ${index + 1} are both \`${target.id}\``,
      hint: "give one of them a `name:`",
      file: document.file,
      line: document.lineOf(["targets", index]),
    });
  }
  return { targets, clusters, assume: readAssume(read) };
}

function readCluster(read: Strict, index: number): ClusterSpec {
  const at = (field: string) => ["clusters", index, field];
  read.fields(["clusters", index], ["name", "config", "region", "version", "instanceTypes", "autoMode"]);
  const name = read.text(at("name"), NAME, "a cluster's name");
  return {
    key: name ?? read.fail(at("name"), "is missing", "write the cluster's name"),
    name: name ?? "",
    config: read.text(at("config")),
    region: read.text(at("region"), /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/, "a region like `eu-west-1`"),
    version: read.text(at("version"), /^1\.\d{1,3}$/, 'a Kubernetes minor in quotes, like "1.35"'),
    instanceTypes: read
      .items(at("instanceTypes"))
      .map((_, i) => read.text([...at("instanceTypes"), i], /^[a-z0-9-]+(\.[a-z0-9*-]+)?\*?$/, "a type or glob") ?? ""),
    autoMode: read.flag(at("autoMode")) ?? false,
  };
}

function readTarget(read: Strict, index: number, inputs: Inputs, clusters: readonly ClusterSpec[]): Target {
  const at = (field: string) => ["targets", index, field];
  read.fields(
    ["targets", index],
    ["name", "cluster", "type", "path", "release", "namespace", "values", "recursive", "set"],
  );
  const path = read.text(at("path")) ?? read.fail(at("path"), "is missing", "write the folder, file or glob");
  const cluster = read.text(at("cluster"), NAME, "a cluster's name") ?? clusters[0]?.name ?? "default";
  if (clusters.length > 0 && !clusters.some(({ name }) => name === cluster)) {
    read.fail(
      at("cluster"),
      `is ${cluster}, which is not listed`,
      `known: ${clusters.map(({ name }) => name).join(", ")}`,
    );
  }
  const type = read.oneOf(at("type"), ["dir", "kustomize", "helm", "rendered"]);
  const texts = (field: string) => read.items(at(field)).map((_, i) => read.text([...at(field), i]) ?? "");
  return {
    id: read.text(at("name"), /^[\w.@/ -]{1,100}$/, "up to 100 letters, digits and `._@/- `") ?? `${path}@${cluster}`,
    cluster,
    type: type === undefined ? "detect" : type === "dir" || type === "rendered" ? "files" : type,
    paths: [path],
    isRecursive: read.flag(at("recursive")) ?? false,
    namespace: read.text(at("namespace"), /^[a-z0-9-]{1,63}$/, "a namespace's name") ?? inputs.namespace,
    release: read.text(at("release")) ?? "release",
    values: texts("values"),
    set: texts("set"),
  };
}

function readAssume(read: Strict): Assumptions {
  const at = (field: string) => ["assume", field];
  const fields = read.fields(
    ["assume"],
    ["storageClasses", "rootVolume", "prefixDelegation", "customNetworking", "jobsAtPeak", "placeholders"],
  );
  read.fields(at("rootVolume"), ["type", "gib"]);
  const gib = read.whole([...at("rootVolume"), "gib"], 1, 65_536);
  const prefix = fields["prefixDelegation"] === "auto" ? undefined : read.flag(at("prefixDelegation"));
  const texts = (field: string) =>
    new Map(read.entries(at(field)).map(([key]) => [key, read.text([...at(field), key]) ?? ""]));
  return {
    storageClasses: texts("storageClasses"),
    rootVolume:
      gib === undefined
        ? undefined
        : { type: read.oneOf([...at("rootVolume"), "type"], ["gp2", "gp3", "io1", "io2"]) ?? "gp3", gib },
    prefixDelegation: prefix,
    customNetworking: read.flag(at("customNetworking")) ?? false,
    jobsAtPeak: read.flag(at("jobsAtPeak")) ?? false,
    placeholders: texts("placeholders"),
  };
}

/** The one target and cluster that inputs describe. */
export function settingsFromInputs(inputs: Inputs): Settings {
  const cluster = inputs.cluster ?? "";
  const base = {
    cluster,
    isRecursive: inputs.recursive,
    namespace: inputs.namespace,
    release: inputs.releaseName ?? "release",
    values: inputs.values,
    set: inputs.set,
  };
  const targets: Target[] = [];
  if (inputs.manifests.length > 0) {
    targets.push({ ...base, id: inputs.manifests.join(", "), type: "files", paths: inputs.manifests });
  }
  for (const path of inputs.kustomize) targets.push({ ...base, id: path, type: "kustomize", paths: [path] });
  if (inputs.chart !== undefined) targets.push({ ...base, id: inputs.chart, type: "helm", paths: [inputs.chart] });
  return {
    targets,
    clusters: [
      {
        key: cluster,
        name: cluster,
        config: inputs.clusterConfig,
        region: inputs.awsRegion,
        version: undefined,
        instanceTypes: inputs.instanceTypes,
        autoMode: false,
      },
    ],
    assume: noAssumptions,
  };
}
