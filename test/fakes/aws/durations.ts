import type { Random } from "./random.ts";

interface Duration {
  /** Virtual seconds of bench runs. */
  readonly bench: number;
  /** Uniform, seeded. */
  readonly range: readonly [number, number];
  readonly source: string;
}

/** How long things take in AWS, in virtual seconds. Sources: measured logs and issues listed in the design of bootstrap. */
export const durationTable = {
  clusterCreate: { bench: 600, range: [503, 683], source: "10 creations, mean 10 min" },
  clusterDelete: { bench: 180, range: [69, 522], source: "logs" },
  clusterVersion: { bench: 600, range: [480, 900], source: "cloud-platform#5346; range assumed" },
  clusterEncryption: { bench: 3900, range: [3600, 5400], source: "terraform-aws-eks PR#1588: over an hour" },
  clusterUpdate: { bench: 120, range: [60, 300], source: "assumed" },
  clusterStale: { bench: 5, range: [2, 10], source: "assumed: ACTIVE is still shown after an update began" },
  nodegroupCreate: { bench: 119, range: [88, 201], source: "7 creations" },
  nodegroupCreateEmpty: { bench: 58, range: [50, 70], source: "desired size 0; range assumed" },
  nodegroupNoCni: { bench: 1979, range: [1900, 2000], source: "1 log: NodeCreationFailure" },
  nodegroupUpdate: { bench: 30, range: [15, 60], source: "assumed" },
  nodegroupRoll: { bench: 1485, range: [1188, 1782], source: "cloud-platform#5346: 2 nodes 30 min, 55 nodes 170 min" },
  nodegroupRollPerNode: { bench: 158, range: [126, 190], source: "the same" },
  nodegroupDelete: { bench: 252, range: [200, 300], source: "logs" },
  addonCoredns: { bench: 15, range: [8, 56], source: "logs" },
  addonKubeProxy: { bench: 10, range: [4, 45], source: "logs" },
  addonVpcCni: { bench: 30, range: [24, 35], source: "logs" },
  addonPodIdentity: { bench: 25, range: [24, 25], source: "logs" },
  addonOther: { bench: 45, range: [40, 50], source: "ebs-csi, metrics-server: 45 s; range assumed" },
  addonNoNode: { bench: 60, range: [50, 90], source: "assumed: DEGRADED without a Ready node" },
  addonUpdate: { bench: 30, range: [15, 60], source: "assumed" },
  addonDelete: { bench: 20, range: [10, 40], source: "assumed" },
  fargateCreate: { bench: 130, range: [26, 345], source: "logs, containers-roadmap#2392" },
  fargateDelete: { bench: 120, range: [120, 120], source: "logs" },
  capabilityCreate: { bench: 120, range: [60, 300], source: "assumed" },
  identityProvider: { bench: 600, range: [300, 900], source: "assumed" },
  roleUsable: {
    bench: 2,
    range: [2, 30],
    source: "pulumi-aws#2411, provider-aws#6566: about 2 s, 10-30 seen, rarely 60",
  },
  roleUsableRare: { bench: 60, range: [60, 60], source: "the same, 1 in 100" },
  podIdentityEffective: { bench: 5, range: [2, 10], source: "several seconds (user guide)" },
  insightsRefresh: { bench: 30, range: [10, 60], source: "assumed" },
  natAvailable: { bench: 106, range: [85, 125], source: "8 creations" },
  natDelete: { bench: 60, range: [42, 94], source: "logs" },
  ec2Visible: { bench: 0, range: [0, 2], source: "EC2 API: eventual consistency; assumed" },
  requestRead: { bench: 0.15, range: [0.075, 0.3], source: "assumed" },
  requestEksWrite: { bench: 1, range: [0.5, 2], source: "assumed" },
  requestIamWrite: { bench: 0.7, range: [0.35, 1.4], source: "assumed" },
  requestEc2Write: { bench: 0.5, range: [0.25, 1], source: "assumed" },
} as const satisfies Record<string, Duration>;

export type DurationName = keyof typeof durationTable;

/** Draws a duration in virtual seconds; `purpose` names whose it is, for the seed. */
export type Durations = (name: DurationName, purpose: string) => number;

export function createDurations(kind: "bench" | "brief" | "range", random: Random): Durations {
  return (name, purpose) => {
    const { bench, range } = durationTable[name];
    if (kind === "brief") return bench / 10;
    return kind === "bench" ? bench : random.between(`duration|${name}|${purpose}`, range[0], range[1]);
  };
}
