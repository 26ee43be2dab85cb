export type { Fault } from "./faults.ts";
export type { Authenticate, SeenRequest } from "./handle.ts";
export type { Json, JsonObject } from "./json.ts";
export type { Kubelet } from "./kubelet/kubelet.ts";
export type { User } from "./rbac.ts";
export { type Kube, type KubeOptions, type NodeSpec, startKube } from "./start.ts";
