import {
  apply,
  apps,
  type Case,
  configMap,
  core,
  del,
  get,
  jsonPatch,
  merge,
  post,
  put,
  strategic,
  workload,
} from "../case.ts";

const maps = `${core}/configmaps`;
const owned = (name: string, owner: string, extra: object = {}) =>
  configMap(
    name,
    {},
    { ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: owner, uid: "{uid}", ...extra }] },
  );
const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const definition = (suffix: string) => {
  const group = `{ns}.test`;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${suffix}s.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: `${suffix}s`, kind: suffix.charAt(0).toUpperCase() + suffix.slice(1) },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: "object",
              required: ["spec"],
              properties: {
                spec: {
                  type: "object",
                  required: ["size"],
                  properties: {
                    size: { type: "integer", minimum: 1 },
                    colour: { type: "string", enum: ["red", "blue"], default: "red" },
                    free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
                    rules: {
                      type: "array",
                      "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": ["name"],
                      items: {
                        type: "object",
                        required: ["name"],
                        properties: { name: { type: "string" }, weight: { type: "integer" } },
                      },
                    },
                  },
                },
                status: { type: "object", properties: { phase: { type: "string" } } },
              },
            },
          },
        },
      ],
    },
  };
};
const widget = (spec: object, metadata: object = {}) => ({
  apiVersion: "{ns}.test/v1",
  kind: "Widget",
  metadata: { name: "w", ...metadata },
  spec,
});
const widgets = "/apis/{ns}.test/v1/namespaces/{ns}/widgets";

const leases = "/apis/coordination.k8s.io/v1/namespaces/{ns}/leases";
const lease = (spec: object, metadata: object = {}) => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: { name: "l", ...metadata },
  spec,
});

export const lifecycleCases: readonly Case[] = [
  {
    area: "life cycle",
    name: "generates names and refuses the same name twice",
    steps: [
      post(maps, { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "made-" } }, 201, {
        save: { name: ["metadata", "name"] },
        only: [["metadata", "generateName"]],
      }),
      get(`${maps}/{name}`, 200, { only: [["metadata", "generateName"]] }),
      post(maps, configMap("a", {}), 201),
      post(maps, configMap("a", {}), 409),
      post(maps, { apiVersion: "v1", kind: "ConfigMap", metadata: {} }, 422),
    ],
  },
  {
    area: "life cycle",
    name: "an update of an old version is refused",
    steps: [
      post(maps, configMap("a", { x: "1" }), 201, {
        save: { rv: ["metadata", "resourceVersion"], uid: ["metadata", "uid"] },
      }),
      put(`${maps}/a`, configMap("a", { x: "2" }, { resourceVersion: "{rv}" })),
      put(`${maps}/a`, configMap("a", { x: "3" }, { resourceVersion: "{rv}" }), 409),
      merge(`${maps}/a`, { metadata: { resourceVersion: "{rv}" }, data: { x: "4" } }, 409),
      apply(`${maps}/a`, "one", configMap("a", { y: "4" }, { resourceVersion: "{rv}" }), 409),
      put(`${maps}/a`, configMap("a", { x: "4" }, { uid: "00000000-0000-0000-0000-000000000000" }), 409),
      put(`${maps}/a`, configMap("b", { x: "4" }), 400),
      put(`${maps}/a`, configMap("a", { x: "5" })),
      put(`${maps}/a`, configMap("a", { x: "5" })),
      put(`${maps}/nope`, configMap("nope", {}), 404),
      merge(`${maps}/nope`, {}, 404),
    ],
  },
  {
    area: "life cycle",
    name: "a delete honours its preconditions",
    steps: [
      post(maps, configMap("a", {}), 201, { save: { uid: ["metadata", "uid"], rv: ["metadata", "resourceVersion"] } }),
      del(`${maps}/a`, 409, { body: { preconditions: { uid: "00000000-0000-0000-0000-000000000000" } } }),
      del(`${maps}/a`, 409, { body: { preconditions: { resourceVersion: "1" } } }),
      del(`${maps}/a?dryRun=All`),
      del(`${maps}/a`, 200, {
        body: { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: "{uid}", resourceVersion: "{rv}" } },
      }),
      del(`${maps}/a`, 404),
      del(`${maps}/a?propagationPolicy=Foo`, 422),
    ],
  },
  {
    area: "life cycle",
    name: "finalizers hold a deleted object until they are gone",
    steps: [
      post(maps, configMap("a", {}, { finalizers: ["test.example/hold"] })),
      del(`${maps}/a`),
      get(`${maps}/a`),
      del(`${maps}/a`),
      post(maps, configMap("a", {}), 409),
      merge(`${maps}/a`, { metadata: { labels: { l: "1" } } }),
      merge(`${maps}/a`, { metadata: { finalizers: null } }),
      get(`${maps}/a`, 404),
    ],
  },
  {
    area: "life cycle",
    name: "dependents follow their owner in the background",
    steps: [
      post(maps, configMap("owner", {}), 201, { save: { uid: ["metadata", "uid"] } }),
      post(maps, owned("child", "owner")),
      del(`${maps}/owner?propagationPolicy=Background`),
      { do: "gone", path: `${maps}/child` },
    ],
  },
  {
    area: "life cycle",
    name: "an owner deleted in the foreground waits for its dependents",
    steps: [
      post(maps, configMap("owner", {}), 201, { save: { uid: ["metadata", "uid"] } }),
      post(maps, {
        ...owned("child", "owner", { blockOwnerDeletion: true }),
        metadata: {
          name: "child",
          finalizers: ["test.example/hold"],
          ownerReferences: [
            { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: "{uid}", blockOwnerDeletion: true },
          ],
        },
      }),
      { do: "settle", path: `${maps}/child`, until: [] },
      del(`${maps}/owner`, 200, { body: { propagationPolicy: "Foreground" } }),
      { do: "settle", path: `${maps}/child`, until: [[["metadata", "deletionGracePeriodSeconds"], 0]] },
      get(`${maps}/owner`, 200, { only: [["metadata", "finalizers"]] }),
      merge(`${maps}/child`, { metadata: { finalizers: null } }, 200, { only: [] }),
      { do: "gone", path: `${maps}/owner` },
    ],
  },
  {
    area: "life cycle",
    name: "orphaned dependents stay without their owner",
    steps: [
      post(maps, configMap("owner", {}), 201, { save: { uid: ["metadata", "uid"] } }),
      post(maps, owned("child", "owner")),
      { do: "settle", path: `${maps}/child`, until: [] },
      del(`${maps}/owner?propagationPolicy=Orphan`, 200, { only: [["metadata", "finalizers"]] }),
      { do: "gone", path: `${maps}/owner` },
      { do: "settle", path: `${maps}/child`, until: [[["metadata", "ownerReferences"], null]] },
    ],
  },
  {
    area: "life cycle",
    name: "a namespace that goes takes its content along and lets nothing in",
    steps: [
      post("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "{ns}-x" } }),
      {
        do: "settle",
        path: "/api/v1/namespaces/{ns}-x/serviceaccounts/default",
        until: [],
        compare: [["metadata", "name"]],
      },
      {
        do: "settle",
        path: "/api/v1/namespaces/{ns}-x/configmaps/kube-root-ca.crt",
        until: [],
        compare: [["metadata", "annotations"]],
      },
      post("/api/v1/namespaces/{ns}-x/configmaps", configMap("held", {}, { finalizers: ["test.example/hold"] }), 201, {
        only: [],
      }),
      post("/api/v1/namespaces/{ns}-x/configmaps", configMap("free", {}), 201, { only: [] }),
      del("/api/v1/namespaces/{ns}-x", 200, { only: [["status", "phase"], ["spec"], ["kind"]] }),
      { do: "gone", path: "/api/v1/namespaces/{ns}-x/configmaps/free" },
      post("/api/v1/namespaces/{ns}-x/configmaps", configMap("late", {}), 403),
      {
        do: "settle",
        path: "/api/v1/namespaces/{ns}-x",
        until: [[["status", "phase"], "Terminating"]],
        compare: [["spec"]],
      },
      merge("/api/v1/namespaces/{ns}-x/configmaps/held", { metadata: { finalizers: null } }, 200, { only: [] }),
    ],
  },
  {
    area: "life cycle",
    name: "an empty namespace goes at once",
    steps: [
      post("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "{ns}-y" } }, 201, {
        only: [],
      }),
      del("/api/v1/namespaces/{ns}-y", 200, { only: [["status", "phase"]] }),
      { do: "gone", path: "/api/v1/namespaces/{ns}-y" },
    ],
  },
  {
    area: "life cycle",
    name: "generation counts changes of the spec only",
    steps: [
      post(`${apps}/deployments`, workload("Deployment", "web", { replicas: 0, spec: { paused: true } }), 201, {
        only: [["metadata", "generation"]],
      }),
      merge(`${apps}/deployments/web`, { metadata: { labels: { l: "1" } } }, 200, {
        only: [["metadata", "generation"]],
      }),
      merge(`${apps}/deployments/web`, { spec: { paused: true } }, 200, { only: [["metadata", "generation"]] }),
      merge(`${apps}/deployments/web`, { spec: { minReadySeconds: 1 } }, 200, { only: [["metadata", "generation"]] }),
      merge(`${apps}/deployments/web/status`, { status: { replicas: 0 }, spec: { replicas: 9 } }, 200, {
        only: [
          ["metadata", "generation"],
          ["spec", "replicas"],
        ],
      }),
      merge(`${apps}/deployments/web`, { status: { replicas: 7 } }, 200, { only: [["metadata", "generation"]] }),
      merge(`${apps}/deployments/web/scale`, { spec: { replicas: 0 } }, 200, { only: [["spec"], ["status"]] }),
    ],
  },
  {
    area: "life cycle",
    name: "patches by all four kinds",
    steps: [
      post(
        `${apps}/deployments`,
        workload("Deployment", "web", { replicas: 0, container: { env: [{ name: "A", value: "1" }] } }),
        201,
        { only: [] },
      ),
      strategic(
        `${apps}/deployments/web`,
        { spec: { template: { spec: { containers: [{ name: "main", env: [{ name: "B", value: "2" }] }] } } } },
        200,
        { only: [["spec", "template", "spec", "containers"]] },
      ),
      strategic(
        `${apps}/deployments/web`,
        { spec: { template: { spec: { containers: [{ name: "main", env: [{ $patch: "delete", name: "A" }] }] } } } },
        200,
        { only: [["spec", "template", "spec", "containers", 0, "env"]] },
      ),
      strategic(`${apps}/deployments/web`, { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } }, 200, {
        only: [["spec", "strategy"]],
      }),
      merge(`${apps}/deployments/web`, { spec: { template: { metadata: { annotations: { a: "1" } } } } }, 200, {
        only: [["spec", "template", "metadata"]],
      }),
      jsonPatch(
        `${apps}/deployments/web`,
        [
          { op: "test", path: "/spec/replicas", value: 0 },
          { op: "replace", path: "/spec/template/spec/containers/0/image", value: "web:2" },
        ],
        200,
        { only: [["spec", "template", "spec", "containers", 0, "image"]] },
      ),
      jsonPatch(`${apps}/deployments/web`, [{ op: "test", path: "/spec/replicas", value: 1 }], 422),
      jsonPatch(`${apps}/deployments/web`, [{ op: "remove", path: "/spec/nope" }], 422),
      jsonPatch(`${apps}/deployments/web`, { op: "remove" }, 400, { only: [["reason"]] }),
      jsonPatch(
        `${apps}/deployments/web`,
        [
          { op: "add", path: "/metadata/annotations", value: { "a/b": "1" } },
          { op: "copy", from: "/metadata/annotations/a~1b", path: "/metadata/annotations/c" },
        ],
        200,
        { only: [["metadata", "annotations", "c"]] },
      ),
    ],
  },
  {
    area: "life cycle",
    name: "a CRD is established, served with its schema, and takes its objects along",
    steps: [
      apply(`${crds}/widgets.{ns}.test`, "one", definition("widget"), 201, "", {
        only: [
          ["spec", "names"],
          ["spec", "conversion"],
          ["metadata", "generation"],
        ],
      }),
      {
        do: "settle",
        path: `${crds}/widgets.{ns}.test`,
        until: [[["status", "conditions", { type: "Established" }, "status"], "True"]],
        compare: [
          ["status", "acceptedNames"],
          ["status", "storedVersions"],
          ["status", "conditions"],
        ],
      },
      { do: "settle", path: widgets, until: [] },
      { do: "settle", path: "/apis/{ns}.test/v1", until: [[["kind"], "APIResourceList"]] },
      apply(`${widgets}/w`, "one", widget({ size: 1, rules: [{ name: "a", weight: 1 }], free: { x: [1] } }), 201),
      apply(`${widgets}/w`, "two", widget({ size: 1, rules: [{ name: "b" }] })),
      apply(`${widgets}/w`, "two", widget({ size: 0 }), 409),
      apply(`${widgets}/w`, "two", widget({ size: 0 }), 422, "&force=true"),
      apply(`${widgets}/w`, "one", widget({ size: 2, colour: "green" }), 422, "&force=true"),
      apply(`${widgets}/w`, "one", widget({ size: 2, unknown: 1 }), 500, "&force=true&fieldValidation=Strict"),
      post(`${widgets}?fieldValidation=Strict`, widget({ size: 2, unknown: 1 }, { name: "v" }), 400),
      post(widgets, widget({ colour: "red" }, { name: "v" }), 422),
      merge(`${widgets}/w`, { spec: { size: 3 } }, 200, { only: [["metadata", "generation"], ["spec"]] }),
      merge(`${widgets}/w/status`, { status: { phase: "Up" }, spec: { size: 9 } }, 200, {
        only: [["metadata", "generation"], ["spec", "size"], ["status"]],
      }),
      put(`${widgets}/w`, widget({ size: 4 }), 422),
      strategic(`${widgets}/w`, { spec: { size: 5 } }, 415),
      get(`${widgets}`, 200, { only: [["kind"], ["apiVersion"], ["items", 0, "kind"]] }),
      { do: "watch", path: `${widgets}?watch=1`, events: 1, brief: true },
      del(`${widgets}/w`, 200),
      apply(`${widgets}/w`, "one", widget({ size: 1 }), 201, "", { only: [] }),
      del(`${crds}/widgets.{ns}.test`, 200, { only: [["kind"]] }),
      { do: "gone", path: `${crds}/widgets.{ns}.test` },
    ],
  },
  {
    area: "life cycle",
    name: "a Lease is taken by one holder at a time",
    steps: [
      post(
        leases,
        lease({ holderIdentity: "a", leaseDurationSeconds: 60, renewTime: "2026-01-01T00:00:00.000000Z" }),
        201,
        { save: { rv: ["metadata", "resourceVersion"] }, as: "ci" },
      ),
      post(leases, lease({ holderIdentity: "b" }), 409, { as: "ci" }),
      put(`${leases}/l`, lease({ holderIdentity: "b" }, { resourceVersion: "{rv}" }), 200, { as: "ci" }),
      put(`${leases}/l`, lease({ holderIdentity: "c" }, { resourceVersion: "{rv}" }), 409, { as: "ci" }),
      put(`${leases}/l`, lease({ holderIdentity: "c" }), 422, { as: "ci" }),
      put(`${leases}/m`, { ...lease({ holderIdentity: "c" }), metadata: { name: "m" } }, 201, {
        as: "ci",
        only: [["spec"]],
      }),
    ],
  },
];
