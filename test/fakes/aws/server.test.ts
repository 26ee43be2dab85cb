import { connect } from "node:net";
import { CreateClusterCommand, DescribeClusterCommand, EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import { describe, expect, it } from "vitest";
import { virtualClock } from "../clock.ts";
import { startAws } from "./index.ts";
import { clientConfig } from "./testing.ts";

describe("time", () => {
  it("shows CREATING at least twice before ACTIVE to a poller at scale 1/600", async () => {
    await using aws = await startAws({ seed: 3 });
    const { subnetIds } = aws.addNetwork();
    const trust = {
      Statement: [{ Effect: "Allow", Principal: { Service: "eks.amazonaws.com" }, Action: "sts:AssumeRole" }],
    };
    const roleArn = aws.addRole({ name: "cluster", trust, managed: ["AmazonEKSClusterPolicy"] });
    const eks = new EKSClient(clientConfig(aws));
    await eks.send(new CreateClusterCommand({ name: "prod", roleArn, resourcesVpcConfig: { subnetIds } }));
    const began = aws.clock.now();
    const seen: string[] = [];
    while (seen.at(-1) !== "ACTIVE") {
      const { cluster } = await eks.send(new DescribeClusterCommand({ name: "prod" }));
      seen.push(cluster?.status ?? "");
      await aws.clock.sleep(5_000);
    }
    expect(seen.filter((status) => status === "CREATING").length).toBeGreaterThanOrEqual(2);
    expect((aws.clock.now() - began) / 1000).toBeGreaterThan(503);
  });

  it("jumps with the in-process handler while no request is open", async () => {
    const clock = virtualClock();
    await using aws = await startAws({ clock, latency: true, durations: "bench" });
    using _ = clock.autoAdvance(aws.isBusy);
    const eks = new EKSClient({ ...clientConfig(aws), requestHandler: aws.requestHandler });
    const start = clock.now();
    await eks.send(new ListClustersCommand({}));
    expect(clock.now() - start).toBe(150);
  });
});

describe("server", () => {
  it("stays up after malformed bytes, huge bodies and strange paths", async () => {
    await using aws = await startAws();
    const { hostname, port } = new URL(aws.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write("NOT HTTP AT ALL\r\n\r\n"));
      socket.on("data", (data) => resolve(data.toString()));
      socket.on("error", reject);
    });
    expect(answer).toContain("400 Bad Request");
    const huge = await fetch(aws.url, { method: "POST", body: "x".repeat(1024 * 1024 + 1) }).then(
      (response) => response.status,
      () => 413,
    );
    expect(huge).toBe(413);
    await new EKSClient(clientConfig(aws)).send(new ListClustersCommand({}));
  });

  it("hides no credentials in its environment for built actions", async () => {
    await using aws = await startAws();
    expect(Object.keys(aws.env).filter((name) => /KEY|TOKEN|SECRET/.test(name))).toEqual([]);
    expect(aws.env["AWS_ENDPOINT_URL_EKS"]).toBe(aws.url);
  });
});
