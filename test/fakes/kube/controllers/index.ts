import { createKubelet, type Kubelet, type KubeletOptions, nodeController } from "../kubelet/kubelet.ts";
import { scheduler } from "../scheduler.ts";
import type { World } from "../world.ts";
import { budgetController, quotaController } from "./budgets.ts";
import { createControl } from "./control.ts";
import { daemonSetController } from "./daemonset.ts";
import { definitionController } from "./definitions.ts";
import { deploymentController } from "./deployment.ts";
import { garbageCollector } from "./garbage.ts";
import { jobController } from "./job.ts";
import { type Loop, startLoop } from "./loop.ts";
import { namespaceController } from "./namespace.ts";
import { replicaSetController } from "./replicaset.ts";
import { endpointController } from "./services.ts";
import { statefulSetController } from "./statefulset.ts";

export interface Controllers {
  readonly loop: Loop;
  readonly kubelet: Kubelet;
  readonly logOf: World["logOf"];
}

export function startControllers(
  world: World,
  options: KubeletOptions,
  caPem: string,
  onError: (message: string) => void,
): Controllers {
  const as = (component: string) => createControl(world, component, "kube-controller-manager");
  const manager = as("kube-controller-manager");
  const kubelet = createControl(world, "kubelet", "kwok");
  const simulated = createKubelet(kubelet, options);
  const loop = startLoop(
    world,
    [
      namespaceController(manager, caPem),
      definitionController(manager),
      deploymentController(as("deployment-controller")),
      replicaSetController(as("replicaset-controller")),
      statefulSetController(as("statefulset-controller")),
      daemonSetController(as("daemonset-controller")),
      jobController(as("job-controller")),
      endpointController(manager),
      budgetController(manager),
      quotaController(manager),
      scheduler(createControl(world, "default-scheduler", "kube-scheduler")),
      nodeController(kubelet),
      simulated.controller,
      garbageCollector(manager),
    ],
    onError,
  );
  return { loop, kubelet: simulated.kubelet, logOf: simulated.logOf };
}
