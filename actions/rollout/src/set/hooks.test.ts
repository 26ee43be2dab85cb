import { connect } from "@eks-actions/kube";
import type { KubeObject } from "@eks-actions/manifest";
import { startKube } from "@eks-actions/test/fakes/kube/index.ts";
import { silentLog } from "@eks-actions/test/fakes/log.ts";
import { afterAll, describe, expect, it } from "vitest";
import { apply } from "../apply.ts";
import { observe } from "../observe.ts";
import { plan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { configMap, inputsOf, run, sources } from "../samples.ts";
import { hookPhase, hookWeight, isDeletedOnce } from "./hooks.ts";

const job = (name: string, notes: Readonly<Record<string, string>>, behaviour?: string): KubeObject => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name, annotations: notes },
  spec: {
    backoffLimit: 0,
    template: {
      metadata: behaviour === undefined ? {} : { labels: { "sim.test/behaviour": behaviour } },
      spec: { restartPolicy: "Never", containers: [{ name: "run", image: "run:1" }] },
    },
  },
});

describe("a hook", () => {
  it.each([
    [{ "helm.sh/hook": "pre-install,pre-upgrade" }, "before"],
    [{ "helm.sh/hook": "post-upgrade" }, "after"],
    [{ "helm.sh/hook": "test" }, "skip"],
    [{ "argocd.argoproj.io/hook": "PreSync" }, "before"],
    [{ "argocd.argoproj.io/hook": "PostSync" }, "after"],
    [{ "argocd.argoproj.io/hook": "SyncFail" }, "failed"],
    [{ "argocd.argoproj.io/hook": "Sync" }, undefined],
    [{}, undefined],
  ])("annotated %j runs %s", (notes, phase) => {
    expect(hookPhase(job("a", notes))).toBe(phase);
  });

  it("has its order from helm's weight, else from Argo's wave", () => {
    expect(hookWeight(job("a", { "helm.sh/hook-weight": "-5", "argocd.argoproj.io/sync-wave": "2" }))).toBe(-5);
    expect(hookWeight(job("a", { "argocd.argoproj.io/sync-wave": "2" }))).toBe(2);
    expect(hookWeight(job("a", { "helm.sh/hook-weight": "soon" }))).toBe(0);
  });

  it.each([
    ["helm.sh/hook", "pre-upgrade", "helm.sh/hook-delete-policy", "before-hook-creation,hook-succeeded", true, false],
    ["helm.sh/hook", "post-upgrade", "helm.sh/hook-delete-policy", "hook-failed", false, true],
    ["argocd.argoproj.io/hook", "PreSync", "argocd.argoproj.io/hook-delete-policy", "HookSucceeded", true, false],
    ["argocd.argoproj.io/hook", "PostSync", "argocd.argoproj.io/hook-delete-policy", "HookFailed", false, true],
    ["argocd.argoproj.io/hook", "PreSync", "argocd.argoproj.io/hook-delete-policy", "BeforeHookCreation", false, false],
    ["argocd.argoproj.io/hook", "Sync", "argocd.argoproj.io/hook-delete-policy", "HookSucceeded", false, false],
  ])("%s: %s, %s: %s goes after success: %s, after failure: %s", (hook, when, policy, words, succeeded, failed) => {
    const one = job("a", { [hook]: when, [policy]: words });
    expect([isDeletedOnce(one, "succeeded"), isDeletedOnce(one, "failed")]).toEqual([succeeded, failed]);
  });
});

const kube = await startKube({ nodes: 1, scale: 0.02 });
afterAll(async () => await kube[Symbol.asyncDispose]());

/** A namespace of the embedded cluster, and rollouts in this process. */
async function scene() {
  const namespace = await kube.namespace();
  const client = await connect({ kubeconfig: { text: kube.kubeconfig("admin") } });
  const clock = { now: () => Date.now(), sleep: kube.clock.sleep };
  const signal = new AbortController().signal;
  return {
    async rollout(objects: readonly object[], raw: Readonly<Record<string, string>> = {}) {
      const inputs = inputsOf({ namespace, ...raw });
      const ports: Ports = {
        kube: client,
        clock,
        log: silentLog(clock),
        run,
        saveState: () => undefined,
        sources: async () => sources(...objects),
        fetchUrl: async () => ({ status: 0, body: "" }),
        deployments: undefined,
        comments: undefined,
        redactionKey: new Uint8Array(1),
        holder: "acme/shop/7/1/deploy",
        version: "0",
      };
      return await apply(plan(inputs, await observe(inputs, ports, signal)), ports, signal);
    },
    jobs: () =>
      kube.store
        .list("jobs.batch")
        .filter((one) => JSON.stringify(one).includes(`"namespace":"${namespace}"`))
        .map((one) => /"name":"([^"]*)/.exec(JSON.stringify(one))?.[1]),
    /** Ready pods of the Deployment at the time when the first Job was made. */
    readyAtFirstJob() {
      const seen: (string | undefined)[] = [];
      kube.store.subscribe(({ type, resource }) => {
        if (type !== "ADDED" || resource !== "jobs.batch") return;
        const live = JSON.stringify(kube.store.get("deployments.apps", `${namespace}/web`));
        seen.push(/"readyReplicas":(\d+)/.exec(live)?.[1]);
      });
      return seen;
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

describe("hooks of a rollout", { timeout: 20_000 }, () => {
  const spent = { "helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-delete-policy": "hook-succeeded" };

  it("that go after success are run once for each change, and their absence is no change", async () => {
    await using shop = await scene();
    const set = (greeting: string) => [job("migrate", spent), configMap("web", { greeting })];
    expect((await shop.rollout(set("a"))).timeline.map(({ event }) => event)).toContain("all healthy");
    expect(shop.jobs()).toEqual([]);
    expect((await shop.rollout(set("a"))).result).toBe("unchanged");
    const changed = await shop.rollout(set("b"));
    expect(changed.result).toBe("applied");
    expect([...changed.verdicts.values()].map(({ ref, status }) => `${ref.name} ${status}`)).toContain(
      "migrate healthy",
    );
    expect(shop.jobs()).toEqual([]);
  });

  it("that cannot be deleted are a warning, and take nothing of a healthy rollout back", async () => {
    await using shop = await scene();
    kube.fault({ match: /\/jobs\/stays/, method: "DELETE", nth: 1, status: 403 });
    const outcome = await shop.rollout([job("stays", spent), configMap()]);
    expect(outcome.result).toBe("applied");
    expect(outcome.warnings).toEqual([expect.stringMatching(/^Job stays: the hook is not deleted: /)]);
    expect(shop.jobs()).toEqual(["stays"]);
  });

  it("of SyncFail start when it fails, and a failed hook goes if its policy says so", async () => {
    await using shop = await scene();
    const failing = { "argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/hook-delete-policy": "HookFailed" };
    const objects = [
      job("migrate", failing, "fail"),
      job("tell", { "argocd.argoproj.io/hook": "SyncFail" }),
      configMap(),
    ];
    const first = await shop.rollout(objects);
    expect(first).toMatchObject({ result: "held", error: { code: "JOB_FAILED" } });
    expect(first.timeline.map(({ event }) => event)).toEqual(
      expect.arrayContaining(["cause found: JOB_FAILED", "hook Job tell started, because the rollout failed"]),
    );
    expect(first.diagnosis?.logs).toMatchObject([{ container: "run", previous: false }]);
    expect(shop.jobs()).toEqual(["tell"]);
    const good = await shop.rollout([configMap(), job("tell", { "argocd.argoproj.io/hook": "SyncFail" })]);
    expect(good).toMatchObject({ result: "applied", pruned: 0 });
    expect(shop.jobs()).toEqual(["tell"]);
  });

  it("after the rest wait until all of it is healthy, not only what was written last", async () => {
    await using shop = await scene();
    const slow = { metadata: { labels: { app: "web" }, annotations: { "sim.test/after": "1s" } } };
    const deployment = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: {
        selector: { matchLabels: { app: "web" } },
        template: { ...slow, spec: { containers: [{ name: "web", image: "web:1" }] } },
      },
    };
    const budget = {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "web" },
      spec: { selector: { matchLabels: { app: "web" } }, minAvailable: 1 },
    };
    const ready = shop.readyAtFirstJob();
    const set = [deployment, budget, job("after", { "helm.sh/hook": "post-install" })];
    expect((await shop.rollout(set)).result).toBe("applied");
    expect(ready).toEqual(["1"]);
  });
});
