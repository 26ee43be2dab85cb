import {
  ActionError,
  collect,
  defineInputs,
  duration,
  flag,
  type InputValues,
  integer,
  list,
  oneOf,
  type RawInputs,
  type RunContext,
  required,
  text,
} from "@eks-actions/action";
import { type Word, words } from "./plan/consent.ts";

const OWNER = /^[A-Za-z0-9 +=._:/@-]{1,200}$/;

export const inputs = defineInputs({
  config: required(text({ accepted: "the path of a ClusterConfig in the workspace", max: 500 })),
  mode: oneOf(["plan", "apply", "drift", "destroy"], "plan"),
  "plan-for": oneOf(["apply", "destroy"], "apply"),
  "plan-file": text({ accepted: "the path of a plan JSON in the workspace or in RUNNER_TEMP", max: 500 }),
  "plan-hash": text({ pattern: /^[0-9a-f]{64}$/, accepted: "64 hex digits, the output `plan-hash` of a plan" }),
  allow: list({ accepted: `words out of ${words.join(", ")}`, max: words.length }),
  confirm: text({ accepted: "the cluster's name", max: 100 }),
  "nodegroups-selfmanaged": oneOf(["error", "convert"], "error"),
  unmanaged: oneOf(["report", "delete", "ignore"], "report"),
  insights: oneOf(["block", "warn", "off"]),
  "node-roll": oneOf(["each-minor", "last"]),
  "prevent-lockout": flag(true),
  "runner-cidrs": list({ accepted: "address ranges like `203.0.113.0/24`", item: /^[0-9a-fA-F:.]+\/\d{1,3}$/ }),
  owner: text({ pattern: OWNER, accepted: "1 to 200 of letters, digits, space and `+=._:/@-`" }),
  "max-duration": duration("330m", { min: "10m", max: "355m" }),
  "on-timeout": oneOf(["fail", "defer"], "fail"),
  "addon-timeout": duration("10m", { min: "1m", max: "60m" }),
  concurrency: integer({ min: 1, max: 16 }, 8),
  "role-to-assume": text({
    pattern: /^arn:[a-z0-9-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/,
    accepted: "a role's ARN, like `arn:aws:iam::111122223333:role/deploy`",
  }),
  audience: text({ default: "sts.amazonaws.com", accepted: "the audience of the OIDC token" }),
  "role-duration-seconds": integer({ min: 900, max: 43200 }, 3600),
  "on-drift": oneOf(["fail", "report"], "fail"),
  "drift-issue": oneOf(["auto", "never"], "auto"),
  comment: oneOf(["auto", "never"], "auto"),
  "github-token": text({ default: "${{ github.token }}", secret: true, accepted: "a token with pull-requests: write" }),
});

type Given = InputValues<typeof inputs.specs>;

export interface Inputs extends Omit<Given, "allow" | "owner"> {
  readonly allow: readonly Word[];
  /** Ownership tag; by default `<repository>@<config>`. */
  readonly owner: string;
}

/** @throws ActionError `INPUT_REQUIRED`, `INPUT_INVALID`, `INPUT_CONFLICT`, all at once */
export function readInputs(raw: RawInputs, run: Pick<RunContext, "repository">): Inputs {
  const given = inputs.read(raw);
  const faults: ActionError[] = [];
  const unknown = given.allow.filter((word) => !isWord(word));
  if (unknown.length > 0) {
    faults.push(
      new ActionError("INPUT_INVALID", {
        message: `input \`allow\`: ${unknown.map((word) => `\`${word}\``).join(", ")} is not accepted`,
        hint: `write words out of ${words.join(", ")}`,
      }),
    );
  }
  if (given.planFor === "destroy" && given.mode !== "plan") {
    faults.push(
      conflict("`plan-for: destroy` goes with `mode: plan` only", "leave `plan-for` out, or set `mode: plan`"),
    );
  }
  if (given.mode === "destroy" && given.confirm === undefined) {
    faults.push(
      new ActionError("INPUT_REQUIRED", {
        message: "input `confirm` is required with `mode: destroy`",
        hint: "repeat the cluster's name:\n  with:\n    confirm: <name>",
      }),
    );
  }
  const owner = given.owner ?? `${run.repository}@${given.config}`;
  if (!OWNER.test(owner)) {
    faults.push(
      new ActionError("INPUT_INVALID", {
        message: `the owner \`${owner.slice(0, 100)}\`, made from the repository and the config's path, is no tag value`,
        hint: "set a short owner:\n  with:\n    owner: shop-platform",
      }),
    );
  }
  const fault = collect(faults);
  if (fault !== undefined) throw fault;
  return { ...given, allow: given.allow.filter(isWord), owner };
}

function isWord(word: string): word is Word {
  return words.some((known) => known === word);
}

function conflict(message: string, hint: string): ActionError {
  return new ActionError("INPUT_CONFLICT", { message, hint });
}
