import { fault } from "./fault.ts";
import { parsePolicy } from "./policy/document.ts";
import type { Role, Session } from "./state.ts";
import type { World } from "./world.ts";

export interface SessionWish {
  readonly sessionName: string;
  readonly durationSeconds: number;
  /** Inline session policy as JSON text. */
  readonly policy?: string | undefined;
  /** Documents of managed session policies. */
  readonly policies?: readonly string[] | undefined;
  readonly minimumTokenSize?: number | undefined;
}

const tokenSize = 640;

/** Opens a session of a role and remembers its secret; throws for session policies that IAM would refuse. */
export function openSession(world: World, role: Role, wish: SessionWish): Session {
  const { account, random } = world;
  if (wish.policy !== undefined && parsePolicy(wish.policy) === undefined) {
    throw fault("MalformedPolicyDocument", "Syntax errors in policy.");
  }
  const share = policyCharacters(wish.policy, wish.policies?.length ?? 0);
  if (share > 1) {
    throw fault(
      "PackedPolicyTooLarge",
      `Packed policy consumes ${Math.ceil(share * 100)}% of allotted space, please use smaller policy.`,
    );
  }
  const size = Math.max(tokenSize + Math.ceil(share * 1400), wish.minimumTokenSize ?? 0);
  const accessKeyId = `ASIA${random.upper("access-key", 16)}`;
  const session: Session = {
    accessKeyId,
    secretAccessKey: Buffer.from(random.hex("secret-key", 60), "hex").toString("base64"),
    sessionToken:
      `IQoJb3JpZ2luX2Vj${Buffer.from(random.hex("session-token", size * 2), "hex").toString("base64")}`.slice(0, size),
    roleArn: role.arn,
    arn: `arn:${account.partition}:sts::${account.id}:assumed-role/${role.name}/${wish.sessionName}`,
    userId: `${role.id}:${wish.sessionName}`,
    sessionName: wish.sessionName,
    expiresAt: Math.floor((world.wallNow() + wish.durationSeconds * 1000) / 1000) * 1000,
    policies: [...(wish.policy === undefined ? [] : [wish.policy]), ...(wish.policies ?? [])],
  };
  account.sessions.set(accessKeyId, session);
  return session;
}

/** Share of the packed policy space that session policies take: an approximation, AWS does not publish its packing. */
export function policyCharacters(policy: string | undefined, policyArns: number): number {
  const inline = policy === undefined ? 0 : policy.length / 2048;
  return inline + policyArns * 0.04;
}
