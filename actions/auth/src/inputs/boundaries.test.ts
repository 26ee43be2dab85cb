import { readContext } from "@eks-actions/action";
import { describe, expect, it } from "vitest";
import { type inputs, readInputs } from "../inputs.ts";

type Raw = Readonly<Record<string, string>>;

const run = readContext({ GITHUB_WORKSPACE: "/ws" });
const arn = (name: string) => `arn:aws:iam::111122223333:role/${name}`;
const base: Raw = { "aws-region": "eu-west-1", "role-to-assume": arn("deploy") };
const verify: Raw = { mode: "verify-trust", "trust-policy-file": "t.json" };
const lines = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join("\n");
const policyOf = (characters: number) => `{"a":"${"x".repeat(characters - 8)}"}`;
const flags = { accepts: ["true", "True", "TRUE", "false", "False", "FALSE"], refuses: ["yes", "1", "tRUE", "on"] };

/** The values on both sides of every limit of an input. `with` is what the input needs beside it. */
interface Limits {
  readonly accepts: readonly string[];
  readonly refuses: readonly string[];
  readonly with?: Raw;
  /** Inputs in place of the usual role and region. */
  readonly alone?: Raw;
  readonly code?: string;
}

const limits: Readonly<Record<keyof typeof inputs.specs, Limits>> = {
  mode: {
    accepts: ["login", "plan", "verify-trust"],
    refuses: ["Login", "logn", "login\nplan"],
    with: { "trust-policy-file": "t.json" },
  },
  "aws-region": {
    accepts: ["eu-west-1", "us-east-1", "ap-southeast-12", "eu-isoe-west-1"],
    refuses: [
      "EU-WEST-1",
      "eu-west",
      "eu-west-123",
      "eu-west-1/",
      "us-east-1.evil.com/",
      "eu-west-1\nus-east-1",
      "e-w-1",
    ],
    alone: { mode: "plan" },
  },
  "role-to-assume": {
    accepts: [arn("deploy"), arn("a/b/deploy"), arn("n".repeat(64)), arn(`${"p".repeat(510)}/x`), arn("x_+=,.@-y")],
    refuses: [
      "deploy",
      arn(""),
      arn("n".repeat(65)),
      arn(`${"p".repeat(511)}/x`),
      arn("dépl"),
      arn("a b"),
      "arn:awsevil:iam::111122223333:role/deploy",
      "arn:aws:iam::11112222333:role/deploy",
      "arn:aws:iam:eu-west-1:111122223333:role/deploy",
      "arn:aws:iam::111122223333:user/deploy",
      "arn:aws-cn:iam::111122223333:role/deploy",
    ],
  },
  "role-name": {
    accepts: ["deploy", "team/deploy", "n".repeat(64)],
    refuses: ["n".repeat(65), "a b", "team/", "dépl"],
    alone: { "aws-region": "eu-west-1", "account-id": "111122223333" },
  },
  "account-id": {
    accepts: ["111122223333", "000000000001"],
    refuses: ["11112222333", "1111222233334", "1111-2222-3333", "11112222333a"],
    alone: { "aws-region": "eu-west-1", "role-name": "deploy" },
  },
  roles: {
    accepts: [
      `a=${arn("x")}`,
      `a=${arn("x")}@us-east-1`,
      lines(20, (i) => `p${i}=${arn("x")}`),
      `a.b_c-d=${arn("x")}`,
      `a=${arn("x@")}`,
    ],
    refuses: [
      lines(21, (i) => `p${i}=${arn("x")}`),
      arn("x"),
      `=${arn("x")}`,
      `a b=${arn("x")}`,
      `${"p".repeat(65)}=${arn("x")}`,
      `a=${arn("x")}\na=${arn("y")}`,
      "a=deploy",
    ],
    alone: { "aws-region": "eu-west-1" },
  },
  "expected-role": {
    accepts: ["deploy", arn("deploy")],
    refuses: ["a b", "n".repeat(65), "arn:aws:iam::1:role/x"],
  },
  "allowed-account-ids": {
    accepts: ["111122223333", "111122223333,222233334444", "111122223333 222233334444", "111122223333\n222233334444"],
    refuses: [",", ",111122223333", "111122223333,", "111122223333,,222233334444", "1111222233334", "11112222333"],
  },
  audience: {
    accepts: ["a", "a".repeat(255), "https://github.com/acme:x._-"],
    refuses: ["a".repeat(256), "a b", "a?b", "ä"],
  },
  "role-session-name": {
    accepts: [
      "ab",
      "x".repeat(64),
      "{repo}",
      "{repo}{owner}{run_id}{attempt}{job}{workflow}{actor}{sha7}",
      "a_+=,.@-{job}",
    ],
    refuses: ["a", "x".repeat(65), "{nope}", "a b", "a/b", "{repo", "{}"],
  },
  "role-duration-seconds": {
    accepts: ["900", "43200", "15m", "12h", "90m", "1h30m"],
    refuses: ["899", "43201", "0", "-900", "15s", "1h1", "13h", "3600.5", "1e3", "١٠٠٠"],
  },
  "role-chaining": flags,
  "role-external-id": {
    accepts: ["ab", "a".repeat(1224), "aA0_+=,.@:/-"],
    refuses: ["a", "a".repeat(1225), "a b", "a#b"],
    with: { "role-chaining": "true" },
  },
  "web-identity-token-file": { accepts: ["jwt", "/var/run/jwt", "~a/jwt"], refuses: ["~", "~/jwt", "a\nb", "a\tb"] },
  "inline-session-policy": {
    accepts: ["{}", policyOf(2048), '{"a":"\u00ff"}', `{ "a" : "${"x".repeat(2040)}" }`],
    refuses: [policyOf(2049), '{"a":"\u0100"}', '{"a":"€"}', "[]", '"a"', "1", "null", "{"],
    code: "SESSION_POLICY_INVALID",
  },
  "managed-session-policies": {
    accepts: [
      "arn:aws:iam::aws:policy/A",
      lines(10, (i) => `arn:aws:iam::aws:policy/A${i}`),
      "arn:aws:iam::111122223333:policy/p/B",
    ],
    refuses: [
      lines(11, (i) => `arn:aws:iam::aws:policy/A${i}`),
      "ReadOnlyAccess",
      "arn:aws:iam::aws:policy/A,,",
      "arn:aws:iam::aws:role/A",
      "arn:aws-cn:iam::aws:policy/A",
    ],
  },
  "session-policy-preset": { accepts: ["eks-kubectl"], refuses: ["eks", "EKS-KUBECTL"], with: { "eks-cluster": "a" } },
  credentials: { accepts: ["env", "profile", "none"], refuses: ["Env", "file"] },
  "aws-profile": { accepts: ["a", "p".repeat(64), "A0_.-"], refuses: ["p".repeat(65), "a b", "a]", "a=b", "ä"] },
  refresh: flags,
  "eks-cluster": {
    accepts: ["a", `a${"b".repeat(99)}`, "a@us-east-1", lines(20, (i) => `c${i}`), "A_b-9"],
    refuses: [
      `a${"b".repeat(100)}`,
      lines(21, (i) => `c${i}`),
      "-a",
      "_a",
      "a b",
      "a@nowhere",
      "a@",
      "a\na",
      "a@cn-north-1",
    ],
  },
  kubeconfig: {
    accepts: ["auto", "k", "/tmp/k"],
    refuses: ["~/.kube/config", "a\nb"],
    with: { "eks-cluster": "a" },
  },
  "context-name": {
    accepts: ["a", "c".repeat(253), "mit Leerzeichen"],
    refuses: ["c".repeat(254)],
    with: { "eks-cluster": "a" },
  },
  namespace: { accepts: ["a", "n".repeat(63), "a-0"], refuses: ["n".repeat(64), "Shop", "-a", "a-", "a.b", "a_b"] },
  "output-credentials": flags,
  "mask-aws-account-id": flags,
  "max-wait-seconds": { accepts: ["1", "900"], refuses: ["0", "901", "-1", "1.5", "10s"] },
  "request-timeout-seconds": { accepts: ["1", "60"], refuses: ["0", "61", "-1", "1.5"] },
  "propagation-wait-seconds": { accepts: ["0", "300"], refuses: ["-1", "301", "1.5"] },
  "sts-endpoint": {
    accepts: [
      "https://sts.example.test",
      "https://host:8443",
      "http://127.0.0.1:1",
      "http://127.9.9.9",
      "http://localhost:1",
      "http://[::1]:1",
    ],
    refuses: ["https://host/path", "https://host/?a", "https://host/#a"],
  },
  "http-proxy": {
    accepts: ["http://proxy:3128", "http://u:p@proxy:3128", "http://[::1]:3128"],
    refuses: ["socks5://x", "https://x", "proxy:3128", "http://", "http://proxy/path", "http://proxy/?a"],
  },
  "no-proxy": { accepts: ["*", "a,.b", "a\nb"], refuses: [] },
  "trust-policy-file": { accepts: ["t.json", "/t.json"], refuses: ["~", "~/t.json", "a\nb"] },
  claims: {
    accepts: ["sub=x", "repo_property_team:x/y.z=1", `${"c".repeat(128)}=1`, "ref=refs/heads/a=b"],
    refuses: ["sub", "=x", "sub=", "sub=a\nsub=b", `${"c".repeat(129)}=1`, "iss=http://x", "iss=x", "a b=c"],
    alone: verify,
  },
  "on-post": { accepts: ["restore", "keep", "clear"], refuses: ["never", "Restore"] },
  "job-workflow-ref": { accepts: ["acme/app/.github/workflows/ci.yml@refs/heads/main", "anything"], refuses: [] },
};

/** Loopback and user info are a matter of safety, so they have a code of their own. */
const refusedEndpoints = [
  "http://10.0.0.1",
  "http://169.254.169.254",
  "http://127.0.0.1.example.test",
  "http://localhost.example.test",
  "https://user@host",
  "https://user:pass@host",
  "ftp://host",
  "host",
];

function codeOf(name: string, value: string, { with: more = {}, alone }: Pick<Limits, "with" | "alone">): string {
  try {
    readInputs({ ...(alone ?? base), ...more, [name]: value }, run);
    return "accepted";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

const show = (value: string) => (value.length <= 60 ? value : `${value.slice(0, 50)}… (${value.length})`);

describe.each(Object.entries(limits))("input %s", (name, limit) => {
  it.each(limit.accepts.map((value) => [show(value), value]))("takes %j", (_, value) => {
    expect(codeOf(name, value, limit)).toBe("accepted");
  });

  it.each(limit.refuses.map((value) => [show(value), value]))("refuses %j", (_, value) => {
    expect(codeOf(name, value, limit)).toBe(limit.code ?? "INPUT_INVALID");
  });

  it("is no place for control characters", () => {
    const [value = ""] = limit.accepts;
    for (const sign of ["\u0000", "\u001b", "\u007f", "\r"]) {
      expect(codeOf(name, `${value}${sign}x`, limit), JSON.stringify(sign)).toBe("INPUT_INVALID");
    }
  });

  it("is not given when it is empty or white space", () => {
    const rest = Object.fromEntries(
      Object.entries({ ...(limit.alone ?? base), ...limit.with }).filter(([key]) => key !== name),
    );
    const read = (raw: Raw) => {
      try {
        return readInputs(raw, run);
      } catch (error) {
        return error;
      }
    };
    for (const empty of ["", " ", "\n\t "]) expect(read({ ...rest, [name]: empty })).toEqual(read(rest));
  });
});

describe("input sts-endpoint", () => {
  it.each(refusedEndpoints)("lets no token travel to %s", (value) => {
    expect(codeOf("sts-endpoint", value, {})).toBe("ENDPOINT_REFUSED");
  });
});
