// Inputs, objects and facts for the tables of the tests.
import { type RawInputs, readContext } from "@eks-actions/action";
import { type KubeObject, parseManifests, type SourcedObject } from "@eks-actions/manifest";
import { type Inputs, readInputs } from "./inputs.ts";
import type { AppState } from "./live/app-state.ts";
import type { SetFacts } from "./set/observe.ts";
import { buildSet, type SetOptions } from "./set/set.ts";

export const NOW = Date.UTC(2026, 10, 23, 10);

export const run = readContext({
  GITHUB_REPOSITORY: "acme/shop",
  GITHUB_SHA: "0123456789abcdef",
  GITHUB_RUN_ID: "7",
  GITHUB_RUN_ATTEMPT: "1",
  GITHUB_WORKSPACE: "/",
});

export function inputsOf(raw: RawInputs = {}): Inputs {
  return readInputs({ app: "shop", namespace: "shop", manifests: "k8s", ...raw }, run);
}

export function sources(...objects: readonly object[]): readonly SourcedObject[] {
  return objects.flatMap((object, index) => parseManifests(JSON.stringify(object), `k8s/${index + 1}.yaml`));
}

export const setOptions: SetOptions = { app: "shop", namespace: "shop", createNamespace: false, configHash: false };
const CLUSTER_SCOPED = new Set(["Namespace", "CustomResourceDefinition", "ClusterRole"]);
export const scopes = {
  isNamespaced: (apiVersion: string, kind: string) =>
    apiVersion.includes("example.com") ? undefined : !CLUSTER_SCOPED.has(kind),
};

export const wantedOf = (...objects: readonly object[]) => buildSet(sources(...objects), setOptions, scopes);

export function deployment(image = "web:1", more: Readonly<Record<string, unknown>> = {}): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image }] } },
      ...more,
    },
  };
}

export const configMap = (
  name = "web",
  data: Readonly<Record<string, string>> = { GREETING: "hello" },
): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

export const appState = (change: Partial<AppState> = {}): AppState => ({
  app: "shop",
  namespace: "shop",
  inventory: { uid: "parent", resourceVersion: "1", groupKinds: ["ConfigMap", "Deployment.apps"], namespaces: [] },
  lease: undefined,
  now: NOW,
  ...change,
});

export function factsOf(wanted: SetFacts["wanted"], change: Partial<SetFacts> = {}): SetFacts {
  return {
    kind: "set",
    state: appState(),
    wanted,
    unchanged: new Set(),
    live: new Map(),
    leftovers: [],
    trials: new Map(),
    failureHooks: [],
    redactionKey: Buffer.from("key"),
    inherited: undefined,
    ...change,
  };
}

/** A live object as our own apply has left it. */
export function liveOf(object: KubeObject, fieldsV1: unknown, status: unknown = undefined): KubeObject {
  return {
    ...object,
    metadata: {
      ...object.metadata,
      uid: `uid-${object.metadata.name}`,
      resourceVersion: "5",
      generation: 1,
      managedFields: [{ manager: "eks-actions", operation: "Apply", fieldsV1 }],
    },
    ...(status === undefined ? {} : { status }),
  };
}
