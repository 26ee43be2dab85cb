import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Kube, type KubeOptions, startKube } from "../../fakes/kube/index.ts";
import { createMachine, type Machine, runStep, type StepOptions, type StepResult } from "../../runner/index.ts";

export interface Scene extends AsyncDisposable {
  readonly kube: Kube;
  readonly namespace: string;
  readonly machine: Machine;
  /** Writes a file into the workspace. */
  write(path: string, text: string): void;
  rollout(inputs?: Readonly<Record<string, string>>, options?: Partial<StepOptions>): Promise<StepResult>;
  post(of: StepResult, inputs?: Readonly<Record<string, string>>): Promise<StepResult>;
  /** Writes that reached the API server since the last call, dry-runs left out: `PATCH /api/v1/…`. */
  writes(): readonly string[];
  object(resource: string, name: string): Readonly<Record<string, unknown>> | undefined;
}

/** The built action; another tree lets the journeys run while this one is being bundled. */
const ACTION = join(process.env["ACTIONS_TREE"] ?? ".", "actions/rollout");

/** A workspace, an embedded cluster, and the built action between them. */
export async function createScene(options: KubeOptions = {}): Promise<Scene> {
  const kube = await startKube({ missingImages: (image) => image.endsWith(":missing"), ...options });
  const machine = createMachine();
  const namespace = await kube.namespace();
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(machine.workspace, path)), { recursive: true });
    writeFileSync(join(machine.workspace, path), text);
  };
  writeFileSync(join(machine.workspace, "kubeconfig"), kube.kubeconfig("ci"));
  writeFileSync(join(machine.workspace, "admin"), kube.kubeconfig("admin"));
  let seen = 0;
  const defaults = { app: "shop", namespace, manifests: "k8s", kubeconfig: "kubeconfig", "revert-timeout": "30s" };
  return {
    kube,
    namespace,
    machine,
    write,
    rollout: (inputs = {}, more = {}) =>
      runStep({ action: ACTION, machine, with: { ...defaults, ...inputs }, ...more }),
    post: (of, inputs = {}) =>
      runStep({ action: ACTION, machine, stage: "post", state: of.state, with: { ...defaults, ...inputs } }),
    writes() {
      const fresh = kube.requests.slice(seen);
      seen = kube.requests.length;
      return fresh
        .filter(({ method, url }) => method !== "GET" && !url.includes("dryRun=All"))
        .map(({ method, url }) => `${method} ${url.replace(/\?.*$/, "")}`);
    },
    object: (resource, name) => kube.store.get(resource, `${namespace}/${name}`),
    async [Symbol.asyncDispose]() {
      machine[Symbol.dispose]();
      await kube[Symbol.asyncDispose]();
    },
  };
}

export interface DeploymentShape {
  readonly name?: string;
  readonly image?: string;
  readonly replicas?: number;
  readonly behaviour?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly extra?: string;
}

/** A Deployment as a person writes it. */
export function deployment(shape: DeploymentShape = {}): string {
  const {
    name = "web",
    image = "registry.example/web:1",
    replicas = 2,
    behaviour,
    annotations = {},
    extra = "",
  } = shape;
  const labels = `app: ${name}${behaviour === undefined ? "" : `, sim.test/behaviour: ${behaviour}`}`;
  const notes = Object.entries(annotations).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  replicas: ${replicas}
  selector:
    matchLabels: {app: ${name}}
  template:
    metadata:
      labels: {${labels}}
      annotations: {${notes.join(", ")}}
    spec:
      containers:
        - name: ${name}
          image: ${image}
${extra}`;
}

export const service = `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
`;

export const config = `apiVersion: v1
kind: ConfigMap
metadata:
  name: web
data:
  GREETING: hello
`;

export function codes(result: StepResult): readonly string[] {
  return result.annotations.filter((one) => one.level === "error").map((one) => one.title ?? "");
}

/** A scene in which version 1 is live and healthy. */
export async function released(options: KubeOptions = {}): Promise<Scene> {
  const scene = await createScene(options);
  scene.write("k8s/web.yaml", deployment());
  scene.write("k8s/service.yaml", service);
  const first = await scene.rollout();
  if (first.outputs["result"] !== "applied") throw new Error(`the first release failed:\n${first.log}`);
  scene.writes();
  return scene;
}

/** Image of the live Deployment's first container. */
export function liveImage(scene: Scene, name = "web"): string | undefined {
  return /"image":"([^"]*)"/.exec(JSON.stringify(scene.object("deployments.apps", name)) ?? "")?.[1];
}

export const lock = (scene: Scene) =>
  JSON.stringify(scene.object("leases.coordination.k8s.io", "eks-actions-shop") ?? {});
