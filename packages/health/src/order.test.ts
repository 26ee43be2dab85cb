import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blameFor } from "./blame.ts";
import { judge } from "./judge.ts";
import { around, crashed, deployment, event, iso, pod, pods, START, waitingFor } from "./scene.ts";
import { defaultBudgets } from "./verdict.ts";

type Part = Readonly<Record<string, unknown>>;
const at = (seconds: number) => START + seconds * 1000;

describe("blameFor", () => {
  it("merges equal causes of several objects and puts the strongest first", () => {
    const bad = (name: string, shape: Part) => {
      const one = deployment({ updatedReplicas: 2, readyReplicas: 1 });
      return judge(
        { ...one, metadata: { ...one.metadata, name } },
        around({ pods: pods(2, { container: shape }) }),
        defaultBudgets,
        at(5),
      );
    };
    const blames = blameFor([bad("b", crashed(3)), bad("a", crashed(3)), bad("c", waitingFor("InvalidImageName"))]);
    expect(blames.map(({ why, message, verdicts }) => [why, message, verdicts.map((one) => one.ref.name)])).toEqual([
      ["IMAGE_INVALID", "2/2 pods: image web:2 is no valid image name", ["c"]],
      ["CRASH_LOOP", "4/4 pods: container app exited with code 1, restarted 3 times", ["a", "b"]],
    ]);
  });
});

describe("any order of the same facts", () => {
  const shapes = fc.constantFrom<Part>(
    crashed(3),
    crashed(1),
    waitingFor("InvalidImageName"),
    waitingFor("ErrImagePull", "not found"),
    waitingFor("CreateContainerConfigError", 'secret "a" not found'),
    {},
  );
  const scenes = fc.record({
    shapes: fc.array(fc.tuple(shapes, fc.boolean(), fc.constantFrom("rs1", "rs2")), { maxLength: 6 }),
    notes: fc.array(fc.tuple(fc.constantFrom("Unhealthy", "FailedMount", "BackOff", "Failed"), fc.nat(5)), {
      maxLength: 6,
    }),
    seed: fc.infiniteStream(fc.nat()),
    ready: fc.nat(4),
    generation: fc.constantFrom(1, 2, 3),
    seconds: fc.constantFrom(1, 11, 25, 400),
  });

  it("gives the same verdict, and a stale generation is never healthy", () => {
    fc.assert(
      fc.property(scenes, ({ shapes, notes, seed, ready, generation, seconds }) => {
        const all = shapes.map(([container, isReady, owner], i) =>
          pod({ name: `p${i}`, owner, ready: isReady, container }),
        );
        const events = notes.map(([reason, index]) => event(`uid-p${index}`, reason, `${reason} ${index}`));
        const one = deployment({ observedGeneration: generation, readyReplicas: ready, availableReplicas: ready });
        const first = judge(one, around({ pods: all, events }), defaultBudgets, at(seconds));
        const shuffle = <T>(list: readonly T[]) =>
          list
            .map((item) => [seed.next().value ?? 0, item] as const)
            .sort(([a], [b]) => a - b)
            .map(([, item]) => item);
        const second = judge(one, around({ pods: shuffle(all), events: shuffle(events) }), defaultBudgets, at(seconds));
        const essence = ({ status, why, message, evidence }: typeof first) => ({ status, why, message, evidence });
        if (first.status === "failed") expect(essence(second)).toEqual(essence(first));
        expect([second.status, second.why]).toEqual([first.status, first.why]);
        if (generation !== 2) expect(first.status).toBe("progressing");
      }),
      { numRuns: 300 },
    );
  });

  it("keeps every message on one line of at most 300 characters", () => {
    const long = `pull failed\n${"x".repeat(2000)} not found`;
    const found = judge(
      deployment({ readyReplicas: 0 }),
      around({ pods: pods(4, { container: waitingFor("CreateContainerConfigError", long) }) }),
      defaultBudgets,
      at(60),
    );
    expect(found.message.length).toBeLessThanOrEqual(300);
    expect(found.message).not.toContain("\n");
    expect(iso(START)).toBe("2026-11-23T10:00:00Z");
  });
});
