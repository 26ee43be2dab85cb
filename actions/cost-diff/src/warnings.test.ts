import { type PriceCase, price } from "@eks-actions/test/journeys/cost-diff/in-process.ts";
import { clusterYaml, deployment, nodePool } from "@eks-actions/test/journeys/cost-diff/scene.ts";
import { describe, expect, it } from "vitest";
import { warningSentence } from "./comment/sentences.ts";
import type { WarningCode } from "./model.ts";

const files = { "deploy/nodes.yaml": nodePool(), "deploy/web.yaml": deployment(1) };
const object = (kind: string, apiVersion: string, name: string, spec: object, more: object = {}) => ({
  [`deploy/${name}.json`]: JSON.stringify({
    apiVersion,
    kind,
    metadata: { name, namespace: "default" },
    spec,
    ...more,
  }),
});
const cluster = (version: string, more = ""): PriceCase => ({
  head: { ...files, "infra/prod.yaml": clusterYaml(more).replace('"1.34"', `"${version}"`) },
  inputs: { "cluster-config": "infra/prod.yaml" },
});
const added = (more: Readonly<Record<string, string>>): PriceCase => ({ head: { ...files, ...more } });
const preferred = {
  podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: {} }] },
};
const pod = (spec: object) => ({ template: { spec: { containers: [{ name: "c" }], ...spec } } });

const rows: readonly (readonly [code: WarningCode, said: string, given: PriceCase])[] = [
  ["ADDON_UNSIZED", "Add-on adot", cluster("1.34", "addons: [{ name: adot }]\n")],
  ["CLUSTER_NEWER", "Kubernetes 1.99 is newer", cluster("1.99")],
  ["VERSION_ASSUMED", "no Kubernetes version is known", added({})],
  ["STANDARD_SUPPORT_UPGRADE", "on 2026-12-02", cluster("1.34", "upgradePolicy: { supportType: STANDARD }\n")],
  [
    "CRON_DURATION_ASSUMED",
    "default/CronJob/r: no duration",
    added(object("CronJob", "batch/v1", "r", { schedule: "@daily", jobTemplate: { spec: pod({}) } })),
  ],
  ["KIND_INVISIBLE", "default/Rollout/r", added(object("Rollout", "argoproj.io/v1alpha1", "r", {}))],
  [
    "LB_CLASS_ASSUMED",
    "a Classic Load Balancer is assumed",
    added(object("Service", "v1", "s", { type: "LoadBalancer" })),
  ],
  [
    "LIMIT_RANGES",
    "default/LimitRange/b",
    added({ ...object("LimitRange", "v1", "a", { limits: [] }), ...object("LimitRange", "v1", "b", { limits: [] }) }),
  ],
  [
    "PREFERENCES_IGNORED",
    "preferred placement",
    added(object("Deployment", "apps/v1", "p", pod({ affinity: preferred }))),
  ],
  ["REQUESTS_MISSING", "no CPU or memory request for c", added(object("Deployment", "apps/v1", "m", pod({})))],
  [
    "VPA_AUTO",
    "may change requests",
    added(object("VerticalPodAutoscaler", "autoscaling.k8s.io/v1", "v", { targetRef: { name: "web" } })),
  ],
  [
    "STORAGE_CLASS_ASSUMED",
    "storage class fast is not in the manifests",
    added(
      object("PersistentVolume", "v1", "pv", {
        capacity: { storage: "1Gi" },
        storageClassName: "fast",
        csi: { driver: "ebs.csi.aws.com" },
      }),
    ),
  ],
  ["SUBMODULES_NOT_FOLLOWED", "Submodules", added({ ".gitmodules": "[submodule]\n" })],
  ["LFS_NOT_FOLLOWED", "Git LFS", added({ ".gitattributes": "*.bin filter=lfs\n" })],
  ["PRICES_OLD", "older than 180 days", { head: files, inputs: { "as-of": "2027-03-01" } }],
  [
    "USAGE_UNMATCHED",
    "default/Deployment/wbe, which is not there; near: default/Deployment/web",
    {
      head: { ...files, "usage.yaml": "schemaVersion: 1\nworkloads: { default/Deployment/wbe: { replicas: 2 } }\n" },
      inputs: { "usage-file": "usage.yaml" },
    },
  ],
];

describe("what is warned about", () => {
  it.each(rows)("%s: %s", async (code, said, given) => {
    const { report } = await price(given);
    const found = report.warnings.filter((warning) => warning.code === code);
    expect(found).toHaveLength(1);
    expect(found.map((warning) => warningSentence(warning, (text) => text)).join()).toContain(said);
  });
});
