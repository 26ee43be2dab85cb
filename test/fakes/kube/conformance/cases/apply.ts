import { apply, apps, type Case, configMap, core, get, jsonPatch, merge, post, put, workload } from "../case.ts";

const cm = `${core}/configmaps/a`;
const deployment = `${apps}/deployments/web`;
const base = workload("Deployment", "web", { replicas: 0 });

// Of these managers only: the controllers come when they come.
const owners = ["one", "two", "mesh", "handover", "scaler"].map((manager) => [
  "metadata",
  "managedFields",
  { manager },
]);

export const applyCases: readonly Case[] = [
  {
    area: "apply",
    name: "creates by apply and owns what the configuration names",
    steps: [apply(cm, "one", configMap("a", { x: "1" }, { labels: { l: "1" } }), 201), get(cm)],
  },
  {
    area: "apply",
    name: "an apply that changes nothing keeps the resourceVersion",
    steps: [
      apply(deployment, "one", base, 201, "", { only: [...owners] }),
      get(deployment, 200, { only: [] }),
      apply(cm, "one", configMap("a", { x: "1" }), 201),
      apply(cm, "one", configMap("a", { x: "1" })),
      get(cm),
    ],
  },
  {
    area: "apply",
    name: "two managers own fields side by side and share equal values",
    steps: [
      apply(cm, "one", configMap("a", { x: "1" }), 201),
      apply(cm, "two", configMap("a", { y: "2" })),
      apply(cm, "three", configMap("a", { x: "1" })),
      get(cm),
    ],
  },
  {
    area: "apply",
    name: "names each conflicting field and manager, and takes them by force",
    steps: [
      apply(cm, "one", configMap("a", { x: "1", y: "1" }), 201),
      apply(cm, "two", configMap("a", { x: "2" }), 409),
      apply(cm, "two", configMap("a", { x: "2", y: "2" }), 409),
      apply(cm, "three", configMap("a", { z: "1" })),
      apply(cm, "two", configMap("a", { x: "2", z: "2" }), 409),
      apply(cm, "two", configMap("a", { x: "2", z: "2" }), 200, "&force=true"),
      get(cm),
    ],
  },
  {
    area: "apply",
    name: "a conflict with an update names its version and time",
    steps: [
      post(`${core}/configmaps`, configMap("a", { x: "1" })),
      apply(cm, "one", configMap("a", { x: "2" }), 409),
      merge(`${cm}?fieldManager=editor`, { data: { x: "3" } }),
      apply(cm, "one", configMap("a", { x: "2" }), 409),
      apply(cm, "one", configMap("a", { x: "2" }), 200, "&force=true"),
    ],
  },
  {
    area: "apply",
    name: "a field left out is removed when nobody else owns it",
    steps: [
      apply(cm, "one", configMap("a", { x: "1", y: "1" }, { labels: { l: "1", m: "1" } }), 201),
      apply(cm, "two", configMap("a", { y: "1" })),
      apply(cm, "one", configMap("a", { z: "1" }, { labels: { m: "1" } })),
      apply(cm, "one", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }),
      get(cm),
    ],
  },
  {
    area: "apply",
    name: "fields that an update made stay when an applier never owned them",
    steps: [
      post(`${core}/configmaps`, configMap("a", { x: "1" })),
      apply(cm, "one", configMap("a", { y: "1" })),
      apply(cm, "one", configMap("a", { z: "1" })),
      put(cm, configMap("a", { x: "9" })),
      get(cm),
    ],
  },
  {
    area: "apply",
    name: "a dry run shows the result and leaves no trace",
    steps: [
      apply(cm, "one", configMap("a", { x: "1" }), 201, "&dryRun=All", {
        only: [["data"], ...owners],
      }),
      get(cm, 404),
      apply(cm, "one", configMap("a", { x: "1" }), 201),
      apply(cm, "one", configMap("a", { x: "2" }), 200, "&dryRun=All"),
      get(cm),
      apply(deployment, "one", { ...base, spec: { replicas: 1 } }, 422, "&dryRun=All"),
      post(`${core}/configmaps?dryRun=All`, configMap("b", {}), 201, { only: [["data"]] }),
      get(`${core}/configmaps/b`, 404),
    ],
  },
  {
    area: "apply",
    name: "unknown, duplicate and mistyped fields are refused",
    steps: [
      apply(cm, "one", { ...configMap("a", {}), extra: 1 }, 500, "&fieldValidation=Strict"),
      apply(cm, "one", configMap("a", { x: 5 }), 500, "&fieldValidation=Strict"),
      apply(deployment, "one", { ...base, spec: { replicass: 1 } }, 500),
      apply(deployment, "one", { ...base, spec: { replicas: "two" } }, 500),
      {
        ...apply(cm, "one", undefined, 400, "&fieldValidation=Strict"),
        raw: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"1","x":"2"}}',
      },
      { ...apply(cm, "one", undefined, 400), raw: "{bad" },
      post(`${core}/configmaps?fieldValidation=Strict`, { ...configMap("a", {}), extra: 1 }, 400),
      post(`${core}/configmaps?fieldValidation=Warn`, { ...configMap("a", {}), extra: 1 }, 201),
      post(`${core}/configmaps?fieldValidation=Ignore`, { ...configMap("b", {}), extra: 1 }, 201),
      {
        ...post(`${core}/configmaps?fieldValidation=Strict`, undefined, 400),
        raw: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"x":"1","x":"2"}}',
      },
      post(
        `${apps}/deployments?fieldValidation=Strict`,
        { ...base, spec: { ...(base["spec"] as object), foo: { bar: 1 } } },
        400,
      ),
      post(`${apps}/deployments`, { ...base, spec: { replicas: "two" } }, 400),
    ],
  },
  {
    area: "apply",
    name: "status is applied and owned apart from the rest",
    steps: [
      apply(deployment, "one", { ...base, spec: { ...(base["spec"] as object), paused: true } }, 201, "", { only: [] }),
      apply(
        `${deployment}/status`,
        "controller",
        {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: "web" },
          status: { conditions: [{ type: "Custom", status: "True" }] },
        },
        200,
        "",
        { only: [["spec", "replicas"]] },
      ),
      apply(
        deployment,
        "one",
        { ...base, spec: { ...(base["spec"] as object), paused: true }, status: { replicas: 9 } },
        200,
        "",
        { only: [["spec", "paused"]] },
      ),
      apply(
        `${deployment.replace("web", "nope")}/status`,
        "controller",
        { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "nope" }, status: {} },
        404,
      ),
    ],
  },
  {
    area: "apply",
    name: "managed fields can be rewritten by a patch, as a migration from client-side apply does",
    steps: [
      post(`${core}/configmaps?fieldManager=kubectl-client-side-apply`, configMap("a", { x: "1", y: "1" })),
      jsonPatch(cm, [
        { op: "replace", path: "/metadata/managedFields/0/manager", value: "one" },
        { op: "replace", path: "/metadata/managedFields/0/operation", value: "Apply" },
      ]),
      apply(cm, "one", configMap("a", { x: "1" })),
      merge(cm, { metadata: { managedFields: [{}] } }),
      apply(cm, "one", configMap("a", { x: "2" }), 409),
      apply(cm, "one", configMap("a", { x: "2" }), 200, "&force=true"),
    ],
  },
];
