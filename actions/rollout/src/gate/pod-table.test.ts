import { describe, expect, it } from "vitest";
import { createPodTable } from "./pod-table.ts";

const pod = (name: string, labels: Readonly<Record<string, string>>, namespace = "shop") => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, uid: name, labels },
});

describe("the pod table", () => {
  it("finds pods by selector in their own namespace, after changes and removals too", () => {
    const table = createPodTable();
    table.put(pod("a", { app: "web", tier: "1" }));
    table.put(pod("b", { app: "web", tier: "2" }));
    table.put(pod("c", { app: "db" }));
    table.put(pod("d", { app: "web" }, "other"));
    const names = (selector: Readonly<Record<string, unknown>>) =>
      table.matching("shop", selector).map((one) => one.metadata.name);
    expect(names({ matchLabels: { app: "web" } })).toEqual(["a", "b"]);
    expect(names({ matchLabels: { app: "web", tier: "2" } })).toEqual(["b"]);
    expect(names({ matchExpressions: [{ key: "tier", operator: "Exists" }] })).toEqual(["a", "b"]);
    table.put(pod("a", { app: "db" }));
    table.remove(pod("b", {}));
    expect(names({ matchLabels: { app: "web" } })).toEqual([]);
    expect(names({ matchLabels: { app: "db" } })).toEqual(["c", "a"]);
    expect(table.all("shop").map((one) => one.metadata.name)).toEqual(["c", "a"]);
    expect([table.has(pod("a", {})), table.has(pod("b", {}))]).toEqual([true, false]);
  });

  it("says by a growing number whether pods of a selector, or any of the namespace, have changed", () => {
    const table = createPodTable();
    const web = { matchLabels: { app: "web" } };
    const numbers = () => [table.version("shop", web), table.version("shop"), table.version("other")];
    const steps = [
      () => table.put(pod("a", { app: "web" })),
      () => table.put(pod("b", { app: "db" })),
      () => table.put(pod("a", { app: "db" })),
      () => table.remove(pod("b", {})),
      () => table.remove(pod("unknown", { app: "web" })),
    ];
    const grown = steps.map((step) => {
      const before = numbers();
      step();
      return numbers().map((number, i) => number > (before[i] ?? 0));
    });
    expect(grown).toEqual([
      [true, true, false],
      [false, true, false],
      [true, true, false],
      [false, true, false],
      [false, false, false],
    ]);
  });
});
