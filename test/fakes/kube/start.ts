import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@eks-actions/action";
import { admit } from "./admission.ts";
import { selfSigned } from "./certificate.ts";
import { startControllers } from "./controllers/index.ts";
import { checkEscalation } from "./escalation.ts";
import { createFaults, type Fault } from "./faults.ts";
import { createNamespace, grantClusterRoles } from "./grants.ts";
import { type Authenticate, handle, type SeenRequest, type Server } from "./handle.ts";
import type { JsonObject } from "./json.ts";
import { kubeconfigText } from "./kubeconfig.ts";
import type { Kubelet, KubeletOptions } from "./kubelet/kubelet.ts";
import { bootstrapRoles, type User } from "./rbac.ts";
import { createRegistry } from "./registry.ts";
import { createReviews } from "./reviews.ts";
import { listen } from "./server.ts";
import { createStore, type Store } from "./store.ts";
import type { World } from "./world.ts";
import { create } from "./write.ts";

export interface NodeSpec {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Default `{cpu: "32", memory: "256Gi", pods: "110"}`. */
  readonly capacity?: Readonly<Record<string, string>> | undefined;
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[] | undefined;
}

export interface KubeOptions extends KubeletOptions {
  /** Default: real time. With a virtual clock nothing moves until it is advanced. */
  readonly clock?: Clock | undefined;
  /** How many nodes, or which. Default 3. */
  readonly nodes?: number | readonly NodeSpec[] | undefined;
  /** Who a bearer token is, beyond the static identities `admin` and `ci`. */
  readonly authenticate?: Authenticate | undefined;
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly faults?: readonly Fault[] | undefined;
}

export interface Kube extends AsyncDisposable {
  /** `https://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** The PEM of the certificate authority, in base64 as kubeconfigs hold it. */
  readonly caData: string;
  readonly adminToken: string;
  readonly ciToken: string;
  /** YAML text whose current context is `admin`, `ci` or, for any other text, a user with that bearer token. */
  kubeconfig(who: string, namespace?: string): string;
  /** A new namespace `t-<suite>-<n>` in which `ci` may deploy. */
  namespace(suite?: string): Promise<string>;
  /** Creates an object as an administrator, without HTTP. */
  create(object: JsonObject): JsonObject;
  readonly requests: readonly SeenRequest[];
  /** Bugs and gaps of the stand-in that a test has run into, and faults that no request met. */
  readonly violations: readonly string[];
  readonly kubelet: Kubelet;
  /** The objects as data. */
  readonly store: Store;
  readonly clock: Clock;
  fault(fault: Fault): void;
  /** Cuts every open watch in mid-stream, without an end; answers how many. */
  cutWatches(): number;
  /** Forgets the watch history, so that older resource versions are `410 Gone`. */
  compact(): void;
}

// Its own, because the suite's would load all that the runner needs with it.
const realClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  },
};
const adminToken = "admin-token";
const ciToken = "ci-token";
const ci: User = { name: "ci", groups: ["eks:deployers"] };

/** Starts an embedded Kubernetes API server with its controllers on a free port of 127.0.0.1. */
export async function startKube(options: KubeOptions = {}): Promise<Kube> {
  const clock = options.clock ?? realClock;
  const certificate = options.tls ?? selfSigned();
  const requests: SeenRequest[] = [];
  const violations: string[] = [];
  const faults = createFaults(options.faults);
  const { world, bind } = createWorld(clock);
  const { loop, kubelet, logOf } = startControllers(world, options, certificate.cert, (message) =>
    violations.push(message),
  );
  bind(logOf);
  furnish(world, options.nodes ?? 3);

  let endpoint = "";
  const authenticate: Authenticate = (token) => (token === ciToken ? ci : options.authenticate?.(token));
  const server: Server = {
    world,
    faults,
    authenticate,
    requests,
    violations,
    endpoint: () => endpoint,
    streams: new Set(),
  };
  const https = await listen(certificate, (exchange) => handle(server, exchange));
  endpoint = https.endpoint;
  const caData = Buffer.from(certificate.cert).toString("base64");
  let namespaces = 0;

  return {
    endpoint,
    caData,
    adminToken,
    ciToken,
    kubeconfig: (who, namespace) =>
      kubeconfigText({ endpoint, caData, who, namespace, tokens: { admin: adminToken, ci: ciToken } }),
    async namespace(suite = "x") {
      namespaces += 1;
      const name = `t-${suite}-${namespaces}`;
      createNamespace((object) => createObject(world, object), name);
      return name;
    },
    create: (object) => createObject(world, object),
    requests,
    get violations() {
      const unused = faults
        .unused()
        .map((fault) => `STANDIN_FAULT_UNUSED: ${String(fault.match)} ${fault.status ?? "cut"}`);
      return [...violations, ...unused];
    },
    kubelet,
    store: world.store,
    clock,
    fault: (fault) => faults.add(fault),
    cutWatches() {
      const open = [...server.streams];
      for (const stream of open) stream.drop();
      return open.length;
    },
    compact: () => world.store.compact(),
    async [Symbol.asyncDispose]() {
      loop.stop();
      await https.close();
    },
  };
}

function createWorld(clock: Clock) {
  const store = createStore();
  const registry = createRegistry();
  let warnings: string[] = [];
  let logs: World["logOf"] = () => undefined;
  const world: World = {
    store,
    registry,
    clock,
    now: () => clock.now(),
    admit(type, object, live, user) {
      if (user !== undefined) checkEscalation(store, user, type, object);
      admit(store, registry, type, object, live);
    },
    reviews: createReviews(store),
    warn: (text) => warnings.push(text),
    takeWarnings() {
      const taken = warnings;
      warnings = [];
      return taken;
    },
    logOf: (pod, container, previous) => logs(pod, container, previous),
  };
  const bind = (logOf: World["logOf"]) => {
    logs = logOf;
  };
  return { world, bind };
}

function createObject(world: World, object: JsonObject): JsonObject {
  const type = world.registry.ofKind(String(object["apiVersion"]), String(object["kind"]));
  if (type === undefined) throw new Error(`no kind ${String(object["apiVersion"])} ${String(object["kind"])}`);
  return create(world, type, object, { manager: "kubernetes" });
}

/** The nodes of `test/cluster/nodes.ts`: over three zones, so that topology has something to spread over. */
function numberedNode(index: number): NodeSpec {
  return {
    name: `node-${index + 1}`,
    labels: {
      "kubernetes.io/os": "linux",
      "kubernetes.io/arch": "amd64",
      "node.kubernetes.io/instance-type": "m6i.8xlarge",
      "topology.kubernetes.io/region": "us-east-1",
      "topology.kubernetes.io/zone": `us-east-1${"abc"[index % 3]}`,
    },
  };
}

function furnish(world: World, nodes: number | readonly NodeSpec[]) {
  const make = (object: JsonObject) => createObject(world, object);
  bootstrapRoles().forEach(make);
  grantClusterRoles(make);
  for (const name of ["default", "kube-system", "kube-public", "kube-node-lease"]) {
    createObject(world, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
  const specs = typeof nodes === "number" ? Array.from({ length: nodes }, (_, index) => numberedNode(index)) : nodes;
  for (const { name, labels = {}, capacity = { cpu: "32", memory: "256Gi", pods: "110" }, taints } of specs) {
    const spec: JsonObject = taints === undefined ? {} : { taints: taints.map((taint) => ({ ...taint })) };
    const metadata: JsonObject = { name, labels: { "kubernetes.io/hostname": name, ...labels } };
    const node = createObject(world, { apiVersion: "v1", kind: "Node", metadata, spec });
    world.store.put("nodes", `/${name}`, {
      ...node,
      status: { capacity: { ...capacity }, allocatable: { ...capacity } },
    });
  }
}
