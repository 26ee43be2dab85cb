import type { Clock } from "@eks-actions/action";
import { nothingAround } from "@eks-actions/health";
import { identityOf, type KubeObject, refOf } from "@eks-actions/manifest";
import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { silentLog } from "@eks-actions/test/fakes/log.ts";
import { describe, expect, it } from "vitest";
import { deployment, inputsOf, liveOf, NOW } from "../samples.ts";
import { gate, gateError } from "./gate.ts";
import type { View } from "./view.ts";

/** A view of one object whose states the test sets. */
function scriptedView(first: KubeObject) {
  let current: KubeObject | undefined = first;
  let wake: (() => void)[] = [];
  let fault: unknown;
  const view: View = {
    track: async () => undefined,
    current: () => current,
    versionAround: () => 0,
    around: (_, firstSeen) => ({ ...nothingAround, startedAt: NOW, firstSeen }),
    needDetails: async () => undefined,
    pods: () => [],
    events: () => [],
    async changed() {
      await new Promise<void>((resolve) => wake.push(resolve));
      if (fault !== undefined) throw fault;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const notify = () => {
    for (const resolve of wake) resolve();
    wake = [];
  };
  return {
    view,
    set(next: KubeObject | undefined) {
      current = next;
      notify();
    },
    fail(error: unknown) {
      fault = error;
      notify();
    },
  };
}

const web = (ready: number, generation = 1) =>
  liveOf(
    { ...deployment(), metadata: { name: "web", namespace: "shop" } },
    {},
    { observedGeneration: generation, replicas: 2, updatedReplicas: 2, readyReplicas: ready, availableReplicas: ready },
  );

function start(
  first: KubeObject,
  change: { timeoutMs?: number; noProgressMs?: number; stableForMs?: number } = {},
  signal = new AbortController().signal,
) {
  const clock = virtualClock(NOW);
  const scripted = scriptedView(first);
  const options = {
    budgets: inputsOf().budgets,
    timeoutMs: 600_000,
    noProgressMs: 300_000,
    stableForMs: 0,
    app: "shop",
    ...change,
  };
  const ports = { clock: clock as Clock, log: silentLog(clock), serverTime: () => clock.now() };
  const done = gate([refOf(first)], scripted.view, options, ports, signal);
  return { clock, done, ...scripted };
}

describe("gate", () => {
  it("ends at the event that makes the last object healthy", async () => {
    const { clock, done, set } = start(web(0));
    await clock.advance(7_000);
    set(web(2));
    const result = await done;
    expect(result.failure).toBeUndefined();
    expect(result.healthyAfter.get(identityOf(refOf(web(2))))).toBe(7_000);
  });

  it("waits until health has held, from its last loss on", async () => {
    const { clock, done, set } = start(web(2), { stableForMs: 10_000 });
    await clock.advance(9_000);
    set(web(1));
    await clock.advance(1_000);
    set(web(2));
    await clock.advance(9_000);
    let isOver = false;
    void done.then(() => {
      isOver = true;
    });
    await clock.advance(500);
    expect(isOver).toBe(false);
    await clock.advance(1_000);
    expect((await done).failure).toBeUndefined();
  });

  it("gives up when nothing becomes ready any more, later after each pod that does", async () => {
    const { clock, done, set } = start(web(0), { noProgressMs: 60_000 });
    await clock.advance(50_000);
    set(web(1));
    await clock.advance(59_000);
    await clock.advance(1_500);
    const { failure } = await done;
    expect(failure).toMatchObject({
      why: "NO_PROGRESS",
      message: expect.stringContaining("no pod became ready for 1m 00s"),
    });
    expect(clock.now() - NOW).toBeLessThan(112_000);
  });

  it("ends at the hard limit, and names what is open", async () => {
    const { clock, done } = start(web(1), { timeoutMs: 20_000 });
    await clock.advance(20_001);
    const { failure } = await done;
    expect(failure?.why).toBe("TIMEOUT");
    if (failure === undefined) throw new Error("no failure");
    expect(gateError(failure, { file: "k8s/web.yaml", line: 3 })).toMatchObject({
      code: "TIMEOUT",
      file: "k8s/web.yaml",
      line: 3,
      message: expect.stringContaining("Deployment web"),
    });
  });

  it("never takes a stale generation for healthy", async () => {
    const { clock, done, set } = start(web(2, 0), { timeoutMs: 5_000 });
    await clock.advance(4_000);
    set(web(2, 0));
    await clock.advance(2_000);
    expect((await done).failure?.why).toBe("TIMEOUT");
  });

  it("fails with the watch's own error, and ends at once on cancel", async () => {
    const broken = start(web(0));
    await broken.clock.advance(1);
    broken.fail(new Error("the watch broke"));
    await expect(broken.done).rejects.toThrow("the watch broke");
    const cancel = new AbortController();
    const cancelled = start(web(0), {}, cancel.signal);
    await cancelled.clock.advance(1);
    cancel.abort(new Error("cancelled"));
    await expect(cancelled.done).rejects.toThrow("cancelled");
  });
});
