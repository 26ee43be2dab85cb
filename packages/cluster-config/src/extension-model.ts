type Tags = Readonly<Record<string, string>>;

/** A ClusterExtension as read: what eksctl's schema has no field for. */
export interface ClusterExtension {
  /** Path relative to the workspace. */
  readonly file: string;
  readonly deletionProtection?: boolean | undefined;
  /** True: EKS Auto Mode keeps the Gateway API's definitions in the cluster. */
  readonly gatewayApiCrds?: boolean | undefined;
  /** Tags by which subnets of an existing VPC are found; an absent side takes none. */
  readonly discover?: { readonly private?: Tags | undefined; readonly public?: Tags | undefined } | undefined;
  readonly upgrade: {
    readonly nodeRoll?: "each-minor" | "last" | undefined;
    readonly insights?: "block" | "warn" | "off" | undefined;
  };
  /** Empty: always open. */
  readonly maintenanceWindows: readonly MaintenanceWindow[];
  /** `cluster`, `network`, `nodegroup/web` … */
  readonly protect: readonly string[];
  readonly ignoreFields: readonly IgnoredField[];
}

export type Weekday = "Mon" | "Tue" | "Wed" | "Thu" | "Fri" | "Sat" | "Sun";

export interface MaintenanceWindow {
  /** On which it begins; empty: every day. */
  readonly days: readonly Weekday[];
  /** `HH:MM`, local time of `timezone`. */
  readonly start: string;
  readonly minutes: number;
  /** IANA name. */
  readonly timezone: string;
}

/** A field that another tool sets: `nodegroup/web:labels.team`. */
export interface IgnoredField {
  /** `nodegroup`, `addon` or `cluster`. */
  readonly kind: string;
  /** Empty for the cluster. */
  readonly name: string;
  /** `labels.team` */
  readonly field: string;
  /** Where it stands: `ownership.ignoreFields[0]`. */
  readonly source: string;
}

/** Stopped or hibernated instances that a node group keeps ready. */
export interface WarmPool {
  readonly enabled?: boolean | undefined;
  readonly minSize?: number | undefined;
  readonly maxGroupPreparedCapacity?: number | undefined;
  readonly poolState?: "STOPPED" | "RUNNING" | "HIBERNATED" | undefined;
  readonly reuseOnScaleIn?: boolean | undefined;
}
