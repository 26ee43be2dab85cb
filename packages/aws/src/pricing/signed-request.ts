import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { SignatureV4 } from "@smithy/signature-v4";
import { type Aws, type AwsService, endpointOf } from "../client.ts";
import { NodeSha256 } from "../node-sha256.ts";

export interface SignedCall {
  readonly service: AwsService;
  /** In the signature: `pricing`, `ec2`. */
  readonly signingName: string;
  readonly region: string;
  /** The region's own address, when no other is set. */
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly requestId: string;
  readonly text: string;
}

const BODY_LIMIT = 16 * 1024 * 1024;

/**
 * One signed POST with the environment's keys, one attempt. The two calls that prices need are made by hand, because the
 * SDK's clients for them would be half of the bundle.
 */
export async function signedRequest(aws: Aws, call: SignedCall, signal: AbortSignal): Promise<Answer> {
  const url = new URL(endpointOf(aws, call.service)?.url ?? `https://${call.host}/`);
  const session = aws.env["AWS_SESSION_TOKEN"] ?? "";
  const signer = new SignatureV4({
    service: call.signingName,
    region: call.region,
    credentials: {
      accessKeyId: aws.env["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: aws.env["AWS_SECRET_ACCESS_KEY"] ?? "",
      ...(session === "" ? {} : { sessionToken: session }),
    },
    sha256: NodeSha256,
  });
  const signed = await signer.sign(
    {
      method: "POST",
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: {},
      headers: { ...call.headers, host: url.host },
      body: call.body,
    },
    { signingDate: new Date(aws.skew.now()) },
  );
  const userAgent = aws.userAgent.map(([name, value]) => `${name}/${value}`).join(" ");
  const headers = {
    ...signed.headers,
    "user-agent": userAgent,
    "content-length": String(Buffer.byteLength(call.body)),
  };
  const isTls = url.protocol === "https:";
  return new Promise((resolve, reject) => {
    const options = { method: "POST", headers, signal, agent: isTls ? aws.agents.https : aws.agents.http };
    const outgoing = (isTls ? tlsRequest : plainRequest)(url, options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      aws.skew.record(response.headers.date);
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > BODY_LIMIT) outgoing.destroy(new Error("the answer is larger than 16 MiB"));
        else chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          requestId: String(response.headers["x-amzn-requestid"] ?? ""),
          text: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(call.body);
  });
}

/** In the shape that error classification reads. */
export function answerError(answer: Answer, code: string, message: string): Error {
  return Object.assign(new Error(message === "" ? `HTTP ${answer.status}` : message), {
    name: code === "" ? "UnknownError" : code,
    $metadata: { httpStatusCode: answer.status, requestId: answer.requestId },
  });
}
