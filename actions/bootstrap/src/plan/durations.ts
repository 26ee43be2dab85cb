/** Usual length of what AWS does, and the low end that polling relies on. Seconds; measured, see the README. */
export interface Usual {
  readonly usual: number;
  /** 10th percentile; without it polling keeps to 10 s. */
  readonly p10?: number;
}

export const usual = {
  clusterCreate: { usual: 600, p10: 503 },
  clusterDelete: { usual: 180, p10: 69 },
  clusterUpdate: { usual: 120, p10: 60 },
  clusterUpgrade: { usual: 600, p10: 480 },
  identityProvider: { usual: 300, p10: 60 },
  encryption: { usual: 3900, p10: 3600 },
  nodegroupCreate: { usual: 119, p10: 88 },
  nodegroupUpdate: { usual: 30, p10: 10 },
  nodegroupRoll: { usual: 1800 },
  nodegroupDelete: { usual: 252, p10: 200 },
  addonCreate: { usual: 45, p10: 4 },
  addonUpdate: { usual: 45, p10: 4 },
  addonDelete: { usual: 30, p10: 4 },
  capabilityCreate: { usual: 120, p10: 60 },
  fargateCreate: { usual: 130, p10: 26 },
  fargateDelete: { usual: 120, p10: 100 },
  nat: { usual: 106, p10: 85 },
  natDelete: { usual: 60, p10: 42 },
  insights: { usual: 30, p10: 10 },
  quick: { usual: 1, p10: 1 },
} as const satisfies Readonly<Record<string, Usual>>;
