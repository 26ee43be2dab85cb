import { PARTITION_IDS } from "./partition.ts";

/** An IAM role by its ARN, taken apart. */
export interface RoleArn {
  readonly arn: string;
  readonly partition: string;
  /** 12 digits. */
  readonly accountId: string;
  /** `/` or `/team/deploy/`. */
  readonly path: string;
  readonly name: string;
}

/** The principal that STS answers with: `arn:aws:sts::111122223333:assumed-role/deploy/session`. */
export interface AssumedRoleArn {
  readonly arn: string;
  readonly partition: string;
  readonly accountId: string;
  readonly roleName: string;
  readonly sessionName: string;
}

const partition = PARTITION_IDS.join("|");
const ROLE = new RegExp(`^arn:(${partition}):iam::(\\d{12}):role(/(?:[!-.0-~]+/)*)([A-Za-z0-9_+=,.@-]{1,64})$`);
const ASSUMED = new RegExp(
  `^arn:(${partition}):sts::(\\d{12}):assumed-role/([A-Za-z0-9_+=,.@-]{1,64})/([A-Za-z0-9_+=,.@-]{2,64})$`,
);
const POLICY = new RegExp(`^arn:(${partition}):iam::(aws|\\d{12}):policy/(?:[!-.0-~]+/)*[A-Za-z0-9_+=,.@-]{1,128}$`);
const CLUSTER = new RegExp(`^arn:(${partition}):eks:([a-z0-9-]+):(\\d{12}):cluster/([0-9A-Za-z][A-Za-z0-9_-]{0,99})$`);

/** Name of a role without its path. */
export const ROLE_NAME_PATTERN: RegExp = /^[A-Za-z0-9_+=,.@-]{1,64}$/;
/** Name of an EKS cluster. */
export const CLUSTER_NAME_PATTERN: RegExp = /^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/;

/** A role ARN taken apart, or `undefined` when it is none. IAM limits the path to 512 characters. */
export function parseRoleArn(text: string): RoleArn | undefined {
  const match = ROLE.exec(text);
  if (match === null) return undefined;
  const [arn, id = "", accountId = "", path = "", name = ""] = match;
  return path.length > 512 ? undefined : { arn, partition: id, accountId, path, name };
}

export function parseAssumedRoleArn(text: string): AssumedRoleArn | undefined {
  const match = ASSUMED.exec(text);
  if (match === null) return undefined;
  const [arn, id = "", accountId = "", roleName = "", sessionName = ""] = match;
  return { arn, partition: id, accountId, roleName, sessionName };
}

/** Partition of a managed policy's ARN, or `undefined` when it is none. */
export function parsePolicyArn(text: string): { readonly arn: string; readonly partition: string } | undefined {
  const match = POLICY.exec(text);
  return match === null ? undefined : { arn: match[0], partition: match[1] ?? "" };
}

export function parseClusterArn(
  text: string,
):
  | { readonly partition: string; readonly region: string; readonly accountId: string; readonly name: string }
  | undefined {
  const match = CLUSTER.exec(text);
  if (match === null) return undefined;
  const [, id = "", region = "", accountId = "", name = ""] = match;
  return { partition: id, region, accountId, name };
}
