import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "./api.ts";

/** The parts of a Pod that tests look at. */
export interface PodView {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase?: string;
    readonly startTime?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
    readonly containerStatuses?: readonly ContainerView[];
    readonly initContainerStatuses?: readonly ContainerView[];
  };
}

export interface ContainerView {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: StateView;
  readonly lastState?: StateView;
}

interface StateView {
  readonly running?: object;
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly terminated?: { readonly exitCode: number; readonly reason: string };
}

export async function podsOf(api: Api, namespace: string, app: string): Promise<readonly PodView[]> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(`app=${app}`)}`;
  const body = await api.must("GET", path);
  if (!isList(body)) throw new Error("the API server answered with something other than a PodList");
  return body.items;
}

/** The one pod of an app once it is as wanted; fails with its status after `timeoutMs`. */
export async function podWhen(
  api: Api,
  namespace: string,
  app: string,
  wanted: (pod: PodView) => boolean,
  timeoutMs = 20_000,
): Promise<PodView> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const [pod] = await podsOf(api, namespace, app);
    if (pod !== undefined && wanted(pod)) return pod;
    if (Date.now() > deadline)
      throw new Error(`pod of ${app} did not become as wanted: ${JSON.stringify(pod?.status)}`);
    await sleep(50);
  }
}

export function isPodReady(pod: PodView): boolean {
  return pod.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

export interface PodOptions {
  readonly behaviour?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly withInit?: boolean;
  readonly graceSeconds?: number;
}

/** A pod template of one container `main`, with the behaviour as its label. */
export function podTemplate(app: string, options: PodOptions = {}) {
  const behaviour = options.behaviour === undefined ? {} : { "sim.test/behaviour": options.behaviour };
  return {
    metadata: { labels: { app, ...behaviour }, annotations: options.annotations ?? {} },
    spec: {
      terminationGracePeriodSeconds: options.graceSeconds ?? 30,
      ...(options.withInit === true ? { initContainers: [{ name: "init", image: "migrate:1" }] } : {}),
      containers: [{ name: "main", image: `${app}:1` }],
    },
  };
}

export async function deploy(api: Api, namespace: string, app: string, options: PodOptions = {}): Promise<void> {
  await api.must("POST", `/apis/apps/v1/namespaces/${namespace}/deployments`, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: app },
    spec: { replicas: 1, selector: { matchLabels: { app } }, template: podTemplate(app, options) },
  });
}

export async function runJob(api: Api, namespace: string, app: string, options: PodOptions = {}): Promise<void> {
  const template = podTemplate(app, options);
  await api.must("POST", `/apis/batch/v1/namespaces/${namespace}/jobs`, {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: app },
    spec: { backoffLimit: 0, template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } },
  });
}

// The API server has validated the rest of the shape.
function isList(value: unknown): value is { readonly items: readonly PodView[] } {
  return typeof value === "object" && value !== null && Reflect.get(value, "kind") === "PodList";
}
