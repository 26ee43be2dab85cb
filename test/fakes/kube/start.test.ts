import { connect as connectHttp2, constants } from "node:http2";
import { request } from "node:https";
import { describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { virtualClock } from "../clock.ts";
import { type Kube, startKube } from "./index.ts";
import { get, type JsonObject, numberAt, objectsAt, textAt } from "./json.ts";

// A virtual clock stands still while the real one runs: a busy machine takes its time for the requests.
vi.setConfig({ testTimeout: 30_000 });

const deployment = (
  namespace: string,
  change: {
    readonly image?: string;
    readonly labels?: JsonObject;
    readonly annotations?: JsonObject;
    readonly spec?: JsonObject;
  } = {},
): JsonObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web", ...change.labels }, annotations: change.annotations ?? {} },
      spec: { containers: [{ name: "main", image: change.image ?? "web:1" }] },
    },
    ...change.spec,
  },
});

function ask(
  kube: Kube,
  path: string,
  options: { readonly method?: string; readonly token?: string; readonly body?: string } = {},
) {
  const ca = Buffer.from(kube.caData, "base64").toString();
  return new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const headers = { authorization: `Bearer ${options.token ?? kube.adminToken}`, "content-type": "application/json" };
    const outgoing = request(`${kube.endpoint}${path}`, { ca, method: options.method ?? "GET", headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    outgoing.on("error", reject);
    outgoing.end(options.body);
  });
}

const pods = (kube: Kube, namespace: string) =>
  kube.store.list("pods").filter((pod) => textAt(pod, "metadata", "namespace") === namespace);
const reasons = (kube: Kube, namespace: string) =>
  pods(kube, namespace).map((pod) => textAt(pod, "status", "containerStatuses", 0, "state", "waiting", "reason"));
const web = (kube: Kube, namespace: string) => kube.store.get("deployments.apps", `${namespace}/web`);

describe("the way in", () => {
  it("speaks HTTP/2 to those who ask for it and HTTP/1.1 to the others", async () => {
    await using kube = await startKube();
    expect((await ask(kube, "/readyz")).text).toBe("ok");
    const session = connectHttp2(kube.endpoint, { ca: Buffer.from(kube.caData, "base64") });
    const stream = session.request({ [constants.HTTP2_HEADER_PATH]: "/version" });
    const status = await new Promise((resolve, reject) => {
      stream.on("response", (headers) => resolve(headers[constants.HTTP2_HEADER_STATUS]));
      stream.on("error", reject);
      stream.resume();
    });
    session.close();
    expect(status).toBe(200);
  });

  it("asks whoever knows foreign tokens, and refuses the rest", async () => {
    const authenticate = async (token: string) =>
      token === "k8s-aws-v1.abc" ? { name: "role", groups: ["eks-access-policy:AmazonEKSViewPolicy:*"] } : undefined;
    await using kube = await startKube({ authenticate });
    const path = "/api/v1/namespaces/default/configmaps";
    expect((await ask(kube, path, { token: "k8s-aws-v1.abc" })).status).toBe(200);
    expect((await ask(kube, path, { token: "k8s-aws-v1.abc", method: "POST", body: "{}" })).status).toBe(403);
    expect((await ask(kube, path, { token: "k8s-aws-v1.old" })).status).toBe(401);
    expect(kube.requests.map(({ user, status }) => [user, status])).toEqual([
      ["role", 200],
      ["role", 403],
      ["", 401],
    ]);
  });

  it("gives kubeconfigs for known identities and for a token", async () => {
    await using kube = await startKube();
    const admin: unknown = parse(kube.kubeconfig("ci", "shop"));
    expect(textAt(admin, "current-context")).toBe("ci");
    expect(objectsAt(admin, "contexts").map((one) => textAt(one, "context", "namespace"))).toEqual(["shop", "shop"]);
    const other: unknown = parse(kube.kubeconfig("k8s-aws-v1.abc"));
    expect(objectsAt(other, "users").at(-1)).toEqual({ name: "token", user: { token: "k8s-aws-v1.abc" } });
  });

  it("survives a body that is too large and a path that is none", async () => {
    await using kube = await startKube();
    const body = "x".repeat(3 * 1024 * 1024 + 1);
    expect((await ask(kube, "/api/v1/namespaces", { method: "POST", body })).status).toBe(413);
    expect((await ask(kube, "/api/v1/namespaces/..%2f..%2fetc/configmaps")).status).toBe(200);
    expect((await ask(kube, "/readyz")).status).toBe(200);
  });
});

describe("scripted faults", () => {
  it("hits the nth request, as often as told, and counts what nobody met", async () => {
    await using kube = await startKube();
    kube.fault({ match: "/api/v1/namespaces/default/configmaps", nth: 2, status: 503, retryAfter: 3 });
    kube.fault({ match: /\/never$/, status: 500 });
    const path = "/api/v1/namespaces/default/configmaps";
    const statuses = [await ask(kube, path), await ask(kube, path), await ask(kube, path)].map(({ status }) => status);
    expect(statuses).toEqual([200, 503, 200]);
    expect(kube.violations).toEqual(["STANDIN_FAULT_UNUSED: /\\/never$/ 500"]);
  });

  it("cuts a connection without an answer", async () => {
    await using kube = await startKube({ faults: [{ match: "/readyz", nth: 1, drop: true }] });
    await expect(ask(kube, "/readyz")).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect((await ask(kube, "/readyz")).status).toBe(200);
  });
});

describe("a watch", () => {
  it("can be cut in mid-stream, and its history forgotten", async () => {
    await using kube = await startKube();
    const path = "/api/v1/namespaces/default/configmaps";
    const before = kube.store.revision;
    const session = connectHttp2(kube.endpoint, { ca: Buffer.from(kube.caData, "base64") });
    const headers = { authorization: `Bearer ${kube.adminToken}`, [constants.HTTP2_HEADER_PATH]: `${path}?watch=1` };
    const stream = session.request(headers);
    const broken = new Promise((resolve) => stream.on("error", resolve));
    await new Promise((resolve) => stream.once("data", resolve));
    expect(kube.cutWatches()).toBe(1);
    expect(String(await broken)).toContain("NGHTTP2_INTERNAL_ERROR");
    expect(kube.cutWatches()).toBe(0);
    kube.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "late", namespace: "default" } });
    kube.compact();
    const { text } = await ask(kube, `${path}?watch=1&resourceVersion=${before}`);
    expect(objectsAt([JSON.parse(text)]).map((event) => [event["type"], get(event, "object", "code")])).toEqual([
      ["ERROR", 410],
    ]);
    session.destroy();
  });
});

describe("permissions", () => {
  it("may be for one name only, also when listing by that name", async () => {
    const authenticate = (token: string) => (token === "one" ? { name: "one", groups: [] } : undefined);
    await using kube = await startKube({ authenticate });
    const group = "rbac.authorization.k8s.io";
    kube.create({
      apiVersion: `${group}/v1`,
      kind: "Role",
      metadata: { name: "r", namespace: "default" },
      rules: [{ apiGroups: [""], resources: ["secrets"], resourceNames: ["s"], verbs: ["get", "list"] }],
    });
    kube.create({
      apiVersion: `${group}/v1`,
      kind: "RoleBinding",
      metadata: { name: "r", namespace: "default" },
      roleRef: { apiGroup: group, kind: "Role", name: "r" },
      subjects: [{ apiGroup: group, kind: "User", name: "one" }],
    });
    const statuses = [];
    for (const query of ["", "/s", "/t", "?fieldSelector=metadata.name%3Ds", "?fieldSelector=metadata.name%3Dt"]) {
      statuses.push((await ask(kube, `/api/v1/namespaces/default/secrets${query}`, { token: "one" })).status);
    }
    expect(statuses).toEqual([403, 404, 403, 200, 403]);
  });
});

describe("pods on a virtual clock", () => {
  it("turn ready after sim.test/after and not before", async () => {
    const clock = virtualClock();
    await using kube = await startKube({ clock });
    const namespace = await kube.namespace();
    await clock.advance(0);
    kube.create(deployment(namespace, { annotations: { "sim.test/after": "2s" } }));
    await clock.advance(1999);
    expect(numberAt(web(kube, namespace), "status", "readyReplicas")).toBeUndefined();
    await clock.advance(1);
    expect(numberAt(web(kube, namespace), "status", "readyReplicas")).toBe(2);
  });

  it("wait for minReadySeconds before they count as available", async () => {
    const clock = virtualClock();
    await using kube = await startKube({ clock });
    const namespace = await kube.namespace();
    await clock.advance(0);
    kube.create(deployment(namespace, { spec: { minReadySeconds: 30 } }));
    await clock.advance(29_000);
    expect(numberAt(web(kube, namespace), "status", "availableReplicas")).toBeUndefined();
    await clock.advance(1000);
    expect(numberAt(web(kube, namespace), "status", "availableReplicas")).toBe(2);
  });

  it.each([
    ["imagepull", ["ImagePullBackOff", "ImagePullBackOff"]],
    ["config-error", ["CreateContainerConfigError", "CreateContainerConfigError"]],
    ["crashloop", ["CrashLoopBackOff", "CrashLoopBackOff"]],
    ["oom-loop", ["CrashLoopBackOff", "CrashLoopBackOff"]],
    ["never-ready", [undefined, undefined]],
  ])("behave as the label says: %s", async (behaviour, expected) => {
    const clock = virtualClock();
    await using kube = await startKube({ clock });
    const namespace = await kube.namespace();
    await clock.advance(0);
    kube.create(deployment(namespace, { labels: { "sim.test/behaviour": behaviour } }));
    await clock.advance(1500);
    expect(reasons(kube, namespace)).toEqual(expected);
    expect(kube.violations).toEqual([]);
  });

  it("go to ImagePullBackOff when no registry has their image, with the registry's words", async () => {
    const clock = virtualClock();
    await using kube = await startKube({ clock, missingImages: (image) => image.endsWith(":nope") });
    const namespace = await kube.namespace();
    await clock.advance(0);
    kube.create(deployment(namespace, { image: "shop/web:nope" }));
    await clock.advance(2000);
    expect(reasons(kube, namespace)).toEqual(["ImagePullBackOff", "ImagePullBackOff"]);
    const [pod] = pods(kube, namespace);
    expect(textAt(pod, "status", "containerStatuses", 0, "state", "waiting", "message")).toContain(
      "shop/web:nope: not found",
    );
  });

  it("stay while they are stuck, and go after their grace period when they are slow", async () => {
    const clock = virtualClock();
    await using kube = await startKube({ clock });
    const namespace = await kube.namespace();
    await clock.advance(0);
    const pod = (name: string, behaviour: string) =>
      kube.create({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace, labels: { "sim.test/behaviour": behaviour } },
        spec: { terminationGracePeriodSeconds: 20, containers: [{ name: "main", image: "a:1" }] },
      });
    pod("stuck", "stuck-terminating");
    pod("slow", "slow-terminate");
    await clock.advance(10);
    for (const name of ["stuck", "slow"])
      await ask(kube, `/api/v1/namespaces/${namespace}/pods/${name}`, { method: "DELETE" });
    await clock.advance(19_000);
    expect(pods(kube, namespace).map((one) => textAt(one, "metadata", "name"))).toEqual(["slow", "stuck"]);
    await clock.advance(2000);
    expect(pods(kube, namespace).map((one) => textAt(one, "metadata", "name"))).toEqual(["stuck"]);
  });

  it("can be scripted exactly, and say what they are told to", async () => {
    const clock = virtualClock();
    await using kube = await startKube({ clock });
    const namespace = await kube.namespace();
    await clock.advance(0);
    kube.create(deployment(namespace, { labels: { "sim.test/behaviour": "crashloop" } }));
    await clock.advance(600);
    const [pod] = pods(kube, namespace);
    const name = textAt(pod, "metadata", "name") ?? "";
    await kube.kubelet.setStatus(namespace, name, { phase: "Failed", reason: "Evicted" });
    kube.kubelet.setLog(namespace, name, "main", { previous: "boom" });
    await clock.advance(60_000);
    expect(textAt(kube.store.get("pods", `${namespace}/${name}`), "status", "reason")).toBe("Evicted");
    const log = await ask(kube, `/api/v1/namespaces/${namespace}/pods/${name}/log?previous=true`);
    expect(log).toEqual({ status: 200, text: "boom\n" });
  });
});

describe("a Deployment on a virtual clock", () => {
  it("stalls at its progress deadline and not before", async () => {
    const clock = virtualClock();
    await using kube = await startKube({ clock });
    const namespace = await kube.namespace();
    await clock.advance(0);
    kube.create(deployment(namespace, { labels: { "sim.test/behaviour": "never-ready" } }));
    const progressing = () =>
      objectsAt(web(kube, namespace), "status", "conditions").find((one) => one["type"] === "Progressing");
    await clock.advance(599_000);
    expect(get(progressing(), "status")).toBe("True");
    await clock.advance(3000);
    expect(get(progressing(), "reason")).toBe("ProgressDeadlineExceeded");
  });

  it("keeps its old pods while the new ones fail", async () => {
    const clock = virtualClock();
    await using kube = await startKube({ clock, missingImages: (image) => image.endsWith(":nope") });
    const namespace = await kube.namespace();
    await clock.advance(0);
    kube.create(deployment(namespace));
    await clock.advance(10);
    const body = JSON.stringify({
      spec: { template: { spec: { containers: [{ name: "main", image: "web:nope" }] } } },
    });
    await patch(kube, `/apis/apps/v1/namespaces/${namespace}/deployments/web`, body);
    await clock.advance(5000);
    expect(numberAt(web(kube, namespace), "status", "availableReplicas")).toBe(2);
    expect(numberAt(web(kube, namespace), "status", "updatedReplicas")).toBe(1);
  });
});

function patch(kube: Kube, path: string, body: string): Promise<number> {
  const ca = Buffer.from(kube.caData, "base64").toString();
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${kube.adminToken}`,
      "content-type": "application/strategic-merge-patch+json",
    };
    const outgoing = request(`${kube.endpoint}${path}`, { ca, method: "PATCH", headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
