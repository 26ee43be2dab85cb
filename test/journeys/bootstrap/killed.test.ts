import { expect, it } from "vitest";
import { createScene, errorsOf } from "./scene.ts";

const CLUSTER =
  "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: shop, region: eu-west-1}\nmanagedNodeGroups: [{name: web}]\n";
const NOW = { sigintMs: 1, sigtermMs: 1 };

it("a run that is killed at the VPC, and one at the control plane, are finished by the third without duplicates", async () => {
  await using scene = await createScene({ scale: 1 / 300 });
  scene.write("cluster.yaml", CLUSTER);
  const first = await scene.bootstrap({}, { cancelAt: /create VPC/, grace: NOW, tolerate: ["RUNNER_CANCEL_IGNORED"] });
  expect(first.signal).toBe("SIGKILL");
  const second = await scene.bootstrap(
    {},
    { cancelAt: /control plane shop CREATING/, grace: NOW, tolerate: ["RUNNER_CANCEL_IGNORED"] },
  );
  expect(second.signal).toBe("SIGKILL");
  const third = await scene.bootstrap();
  expect(errorsOf(third)).toEqual([]);
  expect(third.outputs).toMatchObject({ result: "applied", status: "converged" });
  const { clusters, network } = scene.aws.account;
  expect(clusters.size).toBe(1);
  expect([...network.vpcs.values()].filter((vpc) => vpc.IsDefault !== true)).toHaveLength(1);
  expect([...network.natGateways.values()].filter((nat) => nat.State === "available")).toHaveLength(1);
  expect(network.addresses.size).toBe(1);
  scene.writes();
  await scene.bootstrap();
  expect(scene.writes()).toEqual([]);
}, 300_000);

it("a run that is cancelled says so within the runner's patience and rolls nothing back", async () => {
  await using scene = await createScene({ scale: 1 / 300 });
  scene.write("cluster.yaml", CLUSTER);
  const cancelled = await scene.bootstrap({}, { cancelAt: /control plane shop CREATING/ });
  expect(cancelled).toMatchObject({ outcome: "cancelled", outputs: { result: "cancelled", status: "in-progress" } });
  expect(cancelled.summary).toContain("cancelled");
  expect(scene.aws.account.clusters.size).toBe(1);
}, 300_000);
