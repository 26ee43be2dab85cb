import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** An STS that is not kind: answers by hand, for what a true stand-in would never say. */
export async function otherSts(answer: RequestListener) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface Forged {
  readonly key?: string;
  readonly account?: string;
  readonly session: string;
  readonly token?: string;
}

/** An answer in the wire format of AssumeRoleWithWebIdentity. */
export function stsAnswer({ key = "ASIAEXAMPLE", account = "111122223333", session, token = "token" }: Forged): string {
  return `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
<AssumedRoleUser><Arn>arn:aws:sts::${account}:assumed-role/deploy/${session}</Arn><AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>${key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>${token}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleWithWebIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>`;
}
