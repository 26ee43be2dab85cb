import type { GitHub } from "./index.ts";
import type { Permissions } from "./tokens.ts";

/** For tests: every permission that a workflow's token can have here but the id token. */
export const everything: Permissions = {
  actions: "read",
  checks: "write",
  contents: "write",
  deployments: "write",
  issues: "write",
  "pull-requests": "write",
  statuses: "write",
};

/** Path of the default repository. */
export const shop = "/repos/acme/shop";

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where the answer is JSON, else text. */
  readonly body: unknown;
}

/** For tests: one plain request to the stand-in; bytes are sent as a file. */
export async function ask(
  github: GitHub,
  method: string,
  path: string,
  body?: unknown,
  token: string = github.token,
): Promise<Reply> {
  const response = await fetch(github.url + path, {
    method,
    redirect: "manual",
    headers: {
      authorization: `token ${token}`,
      ...(body instanceof Uint8Array ? { "content-type": "application/octet-stream" } : {}),
    },
    ...(body === undefined ? {} : { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
