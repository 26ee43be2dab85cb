import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Cluster, TestNamespace } from "../../cluster/access.ts";
import type { PolicyRule } from "../../cluster/roles.ts";
import { createMachine, type Machine, runStep, type StepOptions, type StepResult } from "../../runner/index.ts";

/** The built action; another tree lets the journeys run while this one is being bundled. */
const ACTION = join(process.env["ACTIONS_TREE"] ?? ".", "actions/rollout");

export interface RealScene extends AsyncDisposable {
  readonly namespace: string;
  readonly machine: Machine;
  write(path: string, text: string): void;
  remove(path: string): void;
  /** Another way to the cluster from now on, such as a link that fails. */
  connectBy(kubeconfig: string): void;
  rollout(inputs?: Readonly<Record<string, string>>, options?: Partial<StepOptions>): Promise<StepResult>;
  post(of: StepResult, inputs?: Readonly<Record<string, string>>): Promise<StepResult>;
  /** Path below the namespace: `/apis/apps/v1` + `deployments/web`. `undefined` when there is none. */
  object(group: string, path: string): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/**
 * A workspace and a fresh namespace of the real control plane, with the built action between them. `rules` are all that
 * `ci` may do there.
 */
export async function realScene(
  cluster: Cluster,
  who: "admin" | "ci" = "ci",
  rules?: readonly PolicyRule[],
): Promise<RealScene> {
  const namespace: TestNamespace = await cluster.namespace("roll", rules);
  const machine = createMachine();
  const defaults = {
    app: "shop",
    namespace: namespace.name,
    manifests: "k8s",
    kubeconfig: "kubeconfig",
    "revert-timeout": "60s",
  };
  const connectBy = (kubeconfig: string) => writeFileSync(join(machine.workspace, "kubeconfig"), kubeconfig);
  connectBy(cluster.kubeconfig(who, namespace.name));
  return {
    namespace: namespace.name,
    machine,
    write(path, text) {
      mkdirSync(dirname(join(machine.workspace, path)), { recursive: true });
      writeFileSync(join(machine.workspace, path), text);
    },
    remove: (path) => rmSync(join(machine.workspace, path)),
    connectBy,
    rollout: (inputs = {}, more = {}) =>
      runStep({ action: ACTION, machine, with: { ...defaults, ...inputs }, ...more }),
    post: (of, inputs = {}) =>
      runStep({ action: ACTION, machine, stage: "post", state: of.state, with: { ...defaults, ...inputs } }),
    async object(group, path) {
      const answer = await cluster.api.request("GET", `${group}/namespaces/${namespace.name}/${path}`);
      return answer.status === 200 ? JSON.parse(answer.text) : undefined;
    },
    async [Symbol.asyncDispose]() {
      machine[Symbol.dispose]();
      await namespace[Symbol.asyncDispose]();
    },
  };
}

/** Image of the first container of a Deployment. */
export async function liveImage(scene: RealScene, name = "web"): Promise<string | undefined> {
  const text = JSON.stringify(await scene.object("/apis/apps/v1", `deployments/${name}`)) ?? "";
  return /"image":"([^"]*)"/.exec(text)?.[1];
}
