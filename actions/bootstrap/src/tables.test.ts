import { describe, expect, it } from "vitest";
import { readInputs } from "./inputs.ts";
import { layout } from "./network/layout.ts";
import { amiType, hardwareOf, volumeDevice } from "./nodes/ami.ts";
import type { Action } from "./plan/action.ts";
import { create } from "./plan/build.ts";
import { approvedArgs, planHash } from "./plan/hash.ts";
import { principalPart, replacementName, roleName } from "./plan/names.ts";
import { order, timing } from "./plan/order.ts";
import { canonical, inText, ref, resolve } from "./plan/value.ts";
import { nextLook } from "./run/poll.ts";
import { verdictOf } from "./run/verdict.ts";
import { compareAddonVersions, targetVersion, upgradePath } from "./upgrade/versions.ts";

describe("the layout of an own VPC", () => {
  it("is eksctl's: public first, then private, all of one size", () => {
    const zones = ["a", "b", "c"];
    expect(layout("192.168.0.0/16", zones).map((subnet) => `${subnet.part} ${subnet.cidr}`)).toEqual([
      "public-0 192.168.0.0/19",
      "private-0 192.168.96.0/19",
      "public-1 192.168.32.0/19",
      "private-1 192.168.128.0/19",
      "public-2 192.168.64.0/19",
      "private-2 192.168.160.0/19",
    ]);
  });

  it.each([
    [2, "10.0.0.0/24", "10.0.0.0/27"],
    [5, "10.0.0.0/16", "10.0.0.0/20"],
  ])("of %i zones in %s begins with %s", (count, cidr, first) => {
    const zones = Array.from({ length: count }, (_, index) => String(index));
    expect(layout(cidr, zones)[0]?.cidr).toBe(first);
    expect(new Set(layout(cidr, zones).map((subnet) => subnet.cidr)).size).toBe(count * 2);
  });
});

describe("the image of a node group", () => {
  it.each([
    ["AmazonLinux2023", "m5.large", "AL2023_x86_64_STANDARD"],
    ["AmazonLinux2023", "m7g.large", "AL2023_ARM_64_STANDARD"],
    ["AmazonLinux2023", "g4dn.xlarge", "AL2023_x86_64_NVIDIA"],
    ["AmazonLinux2023", "g5g.xlarge", "AL2023_ARM_64_NVIDIA"],
    ["AmazonLinux2023", "inf2.xlarge", "AL2023_x86_64_NEURON"],
    ["AmazonLinux2", "m5.large", "AL2_x86_64"],
    ["AmazonLinux2", "p3.2xlarge", "AL2_x86_64_GPU"],
    ["AmazonLinux2", "c6g.large", "AL2_ARM_64"],
    ["Bottlerocket", "m7g.large", "BOTTLEROCKET_ARM_64"],
    ["BottlerocketFips", "g5.xlarge", "BOTTLEROCKET_x86_64_NVIDIA_FIPS"],
    ["WindowsServer2022CoreContainer", "m5.large", "WINDOWS_CORE_2022_x86_64"],
    ["WindowsServer2022FullContainer", "m7g.large", undefined],
    ["Ubuntu2404", "m5.large", undefined],
  ])("%s on %s is %s", (family, type, expected) => {
    expect(amiType(family, hardwareOf(type))).toBe(expected);
  });

  it.each([
    ["m5.large", "x86"],
    ["m6i.large", "x86"],
    ["i4i.large", "x86"],
    ["t4g.small", "arm"],
    ["im4gn.large", "arm"],
    ["is4gen.large", "arm"],
    ["x2gd.large", "arm"],
    ["hpc7g.4xlarge", "arm"],
    ["a1.large", "arm"],
    ["g4ad.xlarge", "x86"],
    ["g6e.xlarge", "x86 nvidia"],
    ["gr6.4xlarge", "x86 nvidia"],
    ["p5en.48xlarge", "x86 nvidia"],
    ["trn2.48xlarge", "x86 neuron"],
  ])("of %s is one for %s", (type, expected) => {
    const { arm, nvidia, neuron } = hardwareOf(type);
    const parts = [arm ? "arm" : "x86", nvidia && "nvidia", neuron && "neuron"];
    expect(parts.filter((part) => part !== false).join(" ")).toBe(expected);
  });

  it("puts the node's volume where the family keeps it", () => {
    const families = ["AmazonLinux2023", "Bottlerocket", "WindowsServer2022CoreContainer"];
    expect(families.map(volumeDevice)).toEqual(["/dev/xvda", "/dev/xvdb", "/dev/sda1"]);
  });
});

describe("versions", () => {
  const offered = [
    { clusterVersion: "1.33", versionStatus: "EXTENDED_SUPPORT" as const },
    { clusterVersion: "1.34", versionStatus: "STANDARD_SUPPORT" as const, defaultVersion: true },
    { clusterVersion: "1.35", versionStatus: "STANDARD_SUPPORT" as const },
  ];
  const config = (version?: string) => ({ metadata: { version } }) as Parameters<typeof targetVersion>[0];

  it.each([
    [undefined, undefined, "1.34"],
    [undefined, "1.33", "1.33"],
    ["latest", "1.33", "1.35"],
    ["1.35", undefined, "1.35"],
    ["1.33", "1.34", "1.33"],
  ])("wanted %s on a live %s is %s", (wanted, live, expected) => {
    expect(targetVersion(config(wanted), live, offered)).toEqual({ version: expected });
  });

  it.each([
    ["1.18", undefined, "VERSION_UNSUPPORTED"],
    ["1.33", "1.35", "VERSION_TOO_LOW"],
  ])("wanted %s on a live %s is refused as %s", (wanted, live, code) => {
    expect(targetVersion(config(wanted), live, offered).finding?.code).toBe(code);
  });

  it("are stepped one minor at a time, and add-on builds compare by number", () => {
    expect(upgradePath("1.33", "1.35")).toEqual(["1.34", "1.35"]);
    expect(upgradePath("1.35", "1.35")).toEqual([]);
    expect(["v1.9.0-eksbuild.1", "v1.10.0-eksbuild.1", "v1.9.0-eksbuild.10"].sort(compareAddonVersions)).toEqual([
      "v1.9.0-eksbuild.1",
      "v1.9.0-eksbuild.10",
      "v1.10.0-eksbuild.1",
    ]);
  });
});

describe("the verdict on a refused write", () => {
  const error = (name: string, message = "", status = 400) =>
    Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });
  const call = (operation: string, service: "eks" | "ec2" | "iam" = "eks") => ({ service, operation, args: {} });

  it.each([
    [call("CreateCluster"), error("ThrottlingException", "", 429), "throttle"],
    [call("CreateCluster"), error("ServerException", "", 500), "unsure"],
    [call("CreateCluster"), new SyntaxError("Unexpected token <"), "unsure"],
    [call("CreateCluster"), error("ResourceInUseException"), "exists"],
    [call("UpdateClusterConfig"), error("ResourceInUseException"), "busy"],
    [
      call("UpdateClusterConfig"),
      error("InvalidParameterException", "No changes needed for the logging config"),
      "done",
    ],
    [call("UpdateNodegroupVersion"), error("InvalidRequestException", "already at the desired configuration"), "done"],
    [call("CreateNodegroup"), error("InvalidRequestException", "Cluster 'x' is not in ACTIVE status"), "busy"],
    [
      call("CreateCluster"),
      error("InvalidParameterException", "Role could not be assumed because the trusted entity is not correct"),
      "propagation",
    ],
    [
      call("CreateAccessEntry"),
      error("InvalidParameterException", "The specified principalArn is an invalid principal"),
      "propagation",
    ],
    [call("UpdateClusterVersion"), error("InvalidStateException"), "gate"],
    [call("DeleteNodegroup"), error("ResourceNotFoundException"), "done"],
    [call("DeleteCluster"), error("ClientException", "No cluster found for name: x"), "done"],
    [call("DeleteSubnet", "ec2"), error("DependencyViolation"), "in-use"],
    [call("DeleteRole", "iam"), error("DeleteConflictException"), "in-use"],
    [call("CreateSubnet", "ec2"), error("InvalidVpcID.NotFound"), "propagation"],
    [call("CreateRole", "iam"), error("EntityAlreadyExistsException"), "exists"],
    [call("CreateRoute", "ec2"), error("RouteAlreadyExists"), "exists"],
    [call("CreateCluster"), error("AccessDeniedException", "", 403), "fatal"],
    [call("CreateCluster"), error("InvalidParameterException", "subnets in one zone"), "fatal"],
  ])("%o with %o is to be taken as %s", (one, fault, kind) => {
    expect(verdictOf(one, fault).kind).toBe(kind);
  });
});

describe("values", () => {
  it("are canonical whatever the order of their keys", () => {
    expect(canonical({ b: [1, { d: undefined, c: null }], a: "x" })).toBe('{"a":"x","b":[1,{"c":null}]}');
  });

  it("resolve references alone, in text, in documents and in sets", () => {
    const known = new Map([
      ["vpc#id", "vpc-2"],
      ["sn#id", "vpc-1"],
      ["cluster#issuerHost", "oidc/x"],
    ]);
    expect(resolve({ a: ref("vpc"), b: ref("gone") }, known)).toEqual({ a: "vpc-2", b: { ref: "gone" } });
    expect(resolve({ [`${inText("cluster", "issuerHost")}:sub`]: 1 }, known)).toEqual({ "oidc/x:sub": 1 });
    expect(resolve({ json: { z: ref("vpc"), a: 1 } }, known)).toBe('{"a":1,"z":"vpc-2"}');
    expect(resolve({ set: [ref("vpc"), ref("sn")] }, known)).toEqual(["vpc-1", "vpc-2"]);
    expect(resolve({ set: [ref("vpc"), ref("gone")] }, known)).toEqual({ set: [ref("vpc"), ref("gone")] });
    const missing = new Set<string>();
    resolve(ref("gone", "arn"), known, missing);
    expect([...missing]).toEqual(["gone#arn"]);
  });

  it("that name things fit where they go", () => {
    expect(roleName("shop", "eu-west-1", "cluster")).toBe("shop-eu-west-1-cluster");
    const long = roleName("a".repeat(60), "eu-west-1", "cluster");
    expect(long).toHaveLength(64);
    expect(roleName("a".repeat(60), "eu-west-2", "cluster")).not.toBe(long);
    expect(replacementName("w".repeat(63), {})).toHaveLength(63);
    expect(principalPart("arn:aws:iam::1:role/a")).not.toBe(principalPart("arn:aws:iam::2:role/a"));
  });
});

describe("order", () => {
  const action = (part: string, after: readonly string[], expectedSeconds = 1): Action =>
    create({ part, op: "create", target: { kind: "X", name: part }, after, expectedSeconds });

  it("puts actions behind what they wait for, drops what is not planned, and breaks ties by id", () => {
    const sorted = order([action("c", ["a", "b", "gone"]), action("b", []), action("a", [])]);
    expect(sorted.map(({ id }) => id)).toEqual(["a:create", "b:create", "c:create"]);
    expect(sorted[2]?.after).toEqual(["a:create", "b:create"]);
    expect(() => order([action("a", ["b"]), action("b", ["a"])])).toThrow("wait for each other");
  });

  it("knows the longest way", () => {
    const sorted = order([
      action("a", [], 10),
      action("b", [], 100),
      action("c", ["a"], 5),
      action("d", ["b", "c"], 1),
    ]);
    expect(timing(sorted)).toEqual({ expectedSeconds: 101, criticalPath: ["b:create", "d:create"] });
  });

  it("gives a hash that tokens and our own tags do not change", () => {
    const one = create({
      part: "a",
      op: "create",
      target: { kind: "X", name: "a" },
      calls: [{ service: "eks", operation: "CreateCluster", args: { name: "a", tags: { x: "1" } } }],
    });
    const two = create({
      part: "a",
      op: "create",
      target: { kind: "X", name: "a" },
      calls: [
        {
          service: "eks",
          operation: "CreateCluster",
          args: { name: "a", clientRequestToken: "t", tags: { x: "1", "eks-actions/owner": "me" } },
        },
      ],
    });
    expect(planHash([one])).toBe(planHash([two]));
    expect(
      approvedArgs({
        Tags: [
          { Key: "eks-actions/part", Value: "a" },
          { Key: "x", Value: "1" },
        ],
      }),
    ).toEqual({ Tags: [{ Key: "x", Value: "1" }] });
    expect(planHash([])).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });
});

describe("polling", () => {
  it("looks fast at first, then seldom, then often when the end is near", () => {
    const usual = { usual: 600, p10: 500 };
    expect([0, 1, 2, 3, 4, 5, 6].map((look) => nextLook(look, 0, usual))).toEqual([0.25, 0.5, 1, 2, 4, 8, 16]);
    expect(nextLook(7, 32, usual)).toBe(20);
    expect(nextLook(20, 390, usual)).toBe(10);
    expect(nextLook(30, 450, usual)).toBe(5);
    expect(nextLook(30, 450, { usual: 1800 })).toBe(10);
  });
});

describe("inputs", () => {
  const run = { repository: "acme/infra" };

  it("name the owner after the repository and the file", () => {
    expect(readInputs({ config: "clusters/a.yaml" }, run)).toMatchObject({
      mode: "plan",
      owner: "acme/infra@clusters/a.yaml",
      allow: [],
      concurrency: 8,
      maxDuration: 330 * 60_000,
    });
  });

  it.each([
    [{}, "INPUT_REQUIRED"],
    [{ config: "a", allow: "upgrade, everything" }, "INPUT_INVALID"],
    [{ config: "a", mode: "destory" }, "INPUT_INVALID"],
    [{ config: "a", mode: "destroy" }, "INPUT_REQUIRED"],
    [{ config: "a", mode: "apply", "plan-for": "destroy" }, "INPUT_CONFLICT"],
    [{ config: "a", "max-duration": "6h" }, "INPUT_INVALID"],
    [{ config: "ä.yaml" }, "INPUT_INVALID"],
    [{ config: "a", "role-to-assume": "deploy" }, "INPUT_INVALID"],
  ])("%o is refused as %s", (raw, code) => {
    expect(() => readInputs(raw, run)).toThrow(expect.objectContaining({ code }));
  });
});
