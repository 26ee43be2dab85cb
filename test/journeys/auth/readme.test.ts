import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loginHere } from "./in-process.ts";
import { addCluster, createWorld, errorCodes, trustFor, type WorldOptions } from "./world.ts";

const readme = readFileSync("actions/auth/README.md", "utf8");
const policies = "actions/auth/iam";

interface Workflow {
  readonly name: string;
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
}

interface Step {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

/** The inputs that a workflow of the README gives to auth in one of its jobs. */
function inputsOf(workflow: string, job: string): Readonly<Record<string, string>> {
  const workflows = [...readme.matchAll(/^```yaml\n(name: [\s\S]*?)\n```/gm)].map(
    ([, text]) => parse(text ?? "") as Workflow,
  );
  const steps = workflows.find((one) => one.name === workflow)?.jobs[job]?.steps ?? [];
  const step = steps.find(({ uses }) => uses?.includes("/actions/auth@"));
  if (step === undefined) throw new Error(`the README has no auth step in job ${job} of workflow ${workflow}`);
  return Object.fromEntries(Object.entries(step.with ?? {}).map(([name, value]) => [name, String(value)]));
}

const repo = { fullName: "octo-org/octo-repo", id: 74, ownerId: 65 };
const environment: WorldOptions = { github: { repo, environment: "prod" } };
const pullRequest: WorldOptions = { github: { repo, event: "pull_request", permissions: { "id-token": "write" } } };

/** A role that trusts what a shipped policy file says, and may what another one allows. */
function policy(file: string): unknown {
  return JSON.parse(readFileSync(`${policies}/${file}`, "utf8"));
}

describe("the README's workflows", () => {
  it.each(["classic", "immutable"] as const)(
    "deploy: a role with the two shipped policies is enough, with a %s subject",
    async (subject) => {
      await using world = await createWorld({ ...environment, github: { ...environment.github, subject } });
      const inline = { kubeconfig: policy("role-kubeconfig.json") };
      world.aws.addRole({ name: "deploy", trust: policy("trust-environment.json"), inline });
      addCluster(world, "payments");
      const result = await loginHere(world, inputsOf("deploy", "deploy"));
      expect(errorCodes(result)).toEqual([]);
      expect(Object.keys(result.env)).toEqual(["KUBECONFIG"]);
      expect(readFileSync(result.env["KUBECONFIG"] ?? "", "utf8")).toContain('namespace: "payments"');
    },
  );

  it("plan: a pull request gets its read-only role, and the deploying one stays closed to it", async () => {
    await using world = await createWorld(pullRequest);
    world.aws.addRole({ name: "plan", trust: policy("trust-pull-request.json") });
    world.aws.addRole({ name: "deploy", trust: policy("trust-environment.json") });
    const inputs = inputsOf("plan", "plan");
    expect((await loginHere(world, inputs)).outputs["role-arn"]).toBe("arn:aws:iam::111122223333:role/plan");
    const refused = await loginHere(world, { ...inputs, "role-to-assume": "arn:aws:iam::111122223333:role/deploy" });
    expect(errorCodes(refused)).toEqual(["TRUST_DENIED"]);
  });

  it("plan: the policy of the deploying role is checked without a token, for forks too", async () => {
    await using world = await createWorld({ github: { repo, event: "pull_request", fork: true } });
    mkdirSync(join(world.machine.workspace, "iam"));
    const file = join(world.machine.workspace, "iam", "deploy-trust.json");
    writeFileSync(file, JSON.stringify(policy("trust-environment.json")));
    const inputs = inputsOf("plan", "trust");
    expect((await loginHere(world, inputs)).outputs["trust-verdict"]).toBe("allow");
    writeFileSync(file, JSON.stringify(policy("trust-pull-request.json")));
    expect((await loginHere(world, inputs)).outputs["trust-verdict"]).toBe("deny");
  });

  it("inventory: several accounts from one token", async () => {
    await using world = await createWorld({ github: { repo } });
    world.aws.addRole({
      name: "inventory",
      trust: trustFor(world.sub),
      inline: { describe: policy("role-kubeconfig.json") },
    });
    addCluster(world, "payments");
    const { "eks-cluster": clusters, roles = "", ...inputs } = inputsOf("inventory", "inventory");
    expect(clusters?.trim()).toBe("prod=payments");
    // The stand-in has one account and cluster: the second account's role is the first one's, in the first one's region.
    const here = roles.replaceAll("444455556666", "111122223333").replace("@us-east-1", "");
    const result = await loginHere(world, { ...inputs, roles: here, "eks-cluster": clusters ?? "" });
    expect(errorCodes(result)).toEqual([]);
    expect(JSON.parse(result.outputs["report"] ?? "{}")).toMatchObject({
      requests: { oidc: 1, sts: 2, eks: 1 },
      sessions: [{ profile: "build" }, { profile: "prod" }],
    });
  });
});
