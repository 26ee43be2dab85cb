import {
  defineInputs,
  flag,
  type InputSpec,
  integer,
  oneOf,
  parseDuration,
  parsed,
  type RawInputs,
  type RunContext,
  text,
  withDefault,
} from "@eks-actions/action";
import { checkEndpoint, parsePolicyArn, parseRoleArn, REGION_PATTERN } from "./aws-names.ts";
import { type Inputs, resolveInputs } from "./inputs/rules.ts";
import { parseSessionName } from "./inputs/session-name.ts";
import { parseSessionPolicy } from "./inputs/session-policy.ts";
import {
  type ClusterTarget,
  duplicate,
  lines,
  PROFILE_PATTERN,
  parseClusterLine,
  parseRoleLine,
  type RoleTarget,
} from "./inputs/targets.ts";
import { parseClaims } from "./token/claims.ts";

/** A path on one line. Nobody expands `~` here, and a folder of that name is never meant. */
function path(accepted = "a path"): InputSpec<string | undefined> {
  return parsed<string | undefined>({
    empty: undefined,
    accepted,
    parse(value) {
      if (/^~($|[\\/])/.test(value))
        throw new Error("`~` is not expanded: write `${{ runner.temp }}` or the whole path");
      return /[\n\t]/.test(value) ? undefined : value;
    },
  });
}

/** The inputs of action.yml, in its order. */
export const inputs = defineInputs({
  mode: oneOf(["login", "plan", "verify-trust"], "login"),
  "aws-region": text({ pattern: REGION_PATTERN, accepted: "a region like `eu-west-1`" }),
  "role-to-assume": parsed({
    empty: undefined,
    accepted: "a role ARN like `arn:aws:iam::111122223333:role/deploy`",
    parse(value) {
      const role = parseRoleArn(value);
      if (role === undefined && /^[A-Za-z0-9_+=,.@-]{1,64}$/.test(value)) {
        throw new Error("a bare name; write the ARN, or `role-name` and `account-id`");
      }
      return role;
    },
  }),
  "role-name": text({
    pattern: /^(?:[!-.0-~]{1,511}\/)*[A-Za-z0-9_+=,.@-]{1,64}$/,
    max: 576,
    accepted: "a role name like `deploy`, with its path if it has one: `team/deploy`",
  }),
  "account-id": text({ pattern: /^\d{12}$/, accepted: "an account id of 12 digits, in quotes: `'111122223333'`" }),
  roles: parsed<readonly RoleTarget[]>({
    empty: [],
    accepted: "1–20 lines `profile=arn[@region]`, each profile once",
    parse(value) {
      const targets = lines(value).map(parseRoleLine);
      if (targets.length > 20) throw new Error(`${targets.length} lines`);
      const twice = duplicate(targets.map((target) => target.profile));
      if (twice !== undefined) throw new Error(`profile \`${twice}\` occurs twice`);
      return targets;
    },
  }),
  "expected-role": parsed({
    empty: undefined,
    accepted: "a role name or a role ARN",
    parse: (value) =>
      parseRoleArn(value) !== undefined || /^[A-Za-z0-9_+=,.@-]{1,64}$/.test(value) ? value : undefined,
  }),
  "allowed-account-ids": parsed<readonly string[]>({
    empty: [],
    accepted: "account ids of 12 digits by comma, space or newline",
    parse(value) {
      // An empty item is a variable that was not set: dropping it could switch the check off.
      const items = value.split(/\s*[,\n]\s*|\s+/);
      return items.every((item) => /^\d{12}$/.test(item)) ? items : undefined;
    },
  }),
  audience: withDefault(
    "sts.amazonaws.com",
    text({ pattern: /^[A-Za-z0-9:/._-]{1,255}$/, accepted: "1–255 characters of `A-Za-z0-9:/._-`" }),
  ),
  "role-session-name": withDefault(
    "{repo}-{run_id}-{attempt}",
    parsed({ empty: undefined, accepted: "a template like `{repo}-{run_id}-{attempt}`", parse: parseSessionName }),
  ),
  "role-duration-seconds": withDefault(
    "3600",
    parsed({
      empty: undefined,
      accepted: "seconds from 900 to 43200, or a duration like `90m` or `1h30m`",
      parse(value) {
        const seconds = /^\d{1,6}$/.test(value) ? Number(value) : (parseDuration(value) ?? 0) / 1000;
        return Number.isInteger(seconds) && seconds >= 900 && seconds <= 43_200 ? seconds : undefined;
      },
    }),
  ),
  "role-chaining": flag(false),
  "role-external-id": text({
    pattern: /^[A-Za-z0-9_+=,.@:/-]{2,1224}$/,
    accepted: "2–1224 characters of `A-Za-z0-9_+=,.@:/-`",
  }),
  "web-identity-token-file": path(),
  "inline-session-policy": parsed({ empty: undefined, accepted: "a JSON policy", parse: parseSessionPolicy }),
  "managed-session-policies": parsed<readonly string[]>({
    empty: [],
    accepted: "at most 10 policy ARNs by newline or comma",
    parse(value) {
      // An empty item is a variable that was not set: dropping it would widen the session.
      const arns = value.split(/\s*(?:,\s*\n|,|\n)\s*/);
      const bad = arns.find((arn) => parsePolicyArn(arn) === undefined);
      if (bad !== undefined) throw new Error(`\`${bad}\` is no policy ARN`);
      return arns.length <= 10 ? arns : undefined;
    },
  }),
  "session-policy-preset": oneOf(["eks-kubectl"]),
  credentials: oneOf(["env", "profile", "none"]),
  "aws-profile": text({ pattern: PROFILE_PATTERN, accepted: "1–64 characters of `A-Za-z0-9_.-`" }),
  refresh: flag(false),
  "eks-cluster": parsed<readonly ClusterTarget[]>({
    empty: [],
    accepted: "1–20 lines `[profile=]name[@region]`, each once",
    parse(value) {
      const targets = lines(value).map(parseClusterLine);
      const twice = duplicate(targets.map((target) => `${target.profile ?? ""}=${target.name}@${target.region ?? ""}`));
      if (twice !== undefined) throw new Error("a line occurs twice");
      return targets.length <= 20 ? targets : undefined;
    },
  }),
  kubeconfig: withDefault("auto", path("`auto` or a path")),
  "context-name": parsed<readonly string[]>({
    empty: [],
    accepted: "one name a line and cluster, each once, at most 253 characters",
    parse(value) {
      const names = lines(value);
      const fine = names.every((name) => name.length <= 253) && duplicate(names) === undefined;
      return fine ? names : undefined;
    },
  }),
  namespace: text({ pattern: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, accepted: "a namespace like `payments`" }),
  "output-credentials": flag(false),
  "mask-aws-account-id": flag(false),
  "max-wait-seconds": integer({ min: 1, max: 900 }, 60),
  "request-timeout-seconds": integer({ min: 1, max: 60 }, 10),
  "propagation-wait-seconds": integer({ min: 0, max: 300 }, 0),
  "sts-endpoint": parsed({
    empty: undefined,
    accepted: "`https://host[:port]`",
    parse(value) {
      const url = new URL(checkEndpoint(value, "input `sts-endpoint`"));
      return url.pathname === "/" && url.search === "" && url.hash === "" ? value : undefined;
    },
  }),
  "http-proxy": parsed({
    empty: undefined,
    secret: true,
    accepted: "`http://[user:pass@]host:port`",
    parse(value) {
      const url = URL.canParse(value) ? new URL(value) : undefined;
      const fine = url?.protocol === "http:" && url.hostname !== "" && url.pathname === "/" && url.search === "";
      return fine ? value : undefined;
    },
  }),
  "no-proxy": parsed({
    empty: undefined,
    accepted: "hosts by comma or newline",
    parse: (value) => value.split(/\s*[,\n]\s*/).join(","),
  }),
  "trust-policy-file": path(),
  claims: parsed<Readonly<Record<string, string>>>({
    empty: {},
    accepted: "lines `claim=value`",
    parse: parseClaims,
  }),
  "on-post": oneOf(["restore", "keep", "clear"], "restore"),
  // The runner fills the default in. It is the only thing that tells a called workflow from the run's own: no variable
  // does, and GITHUB_WORKFLOW_REF names the caller.
  "job-workflow-ref": text({ default: "${{ job.workflow_ref }}", accepted: "nothing: the runner fills it in" }),
});

/** Strings → typed, validated inputs. Every fault names the input and the value; all of them are reported at once. */
export function readInputs(raw: RawInputs, run: RunContext): Inputs {
  return resolveInputs(raw, () => inputs.read(raw), run);
}

export type { Inputs };
export type Values = ReturnType<typeof inputs.read>;
