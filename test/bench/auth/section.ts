import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createWorld, REGION, trustFor, type World } from "../../journeys/auth/world.ts";
import { createMachine, runStep, type StepOptions } from "../../runner/index.ts";
import { exitNote } from "../process.ts";
import { type Section, type SectionResult, Skipped } from "../section.ts";
import { type StandIns, writeStandIns } from "./stand-ins.ts";
import { authTables, PEER } from "./tables.ts";
import { measureTokens, tokenTable } from "./tokens.ts";

export interface AuthSample {
  readonly what: string;
  readonly ms: number;
  readonly peakMb: number;
  readonly cpuMs: number;
  /** Requests to GitHub's token service. */
  readonly oidc: number;
  readonly sts: number;
}

interface Case {
  readonly what: string;
  readonly step: Partial<StepOptions> & { readonly action: string };
  readonly succeeds: boolean;
  /** At most so many rounds, because one takes seconds. */
  readonly rounds?: number;
}

/** auth on loopback, over an empty Node process in the same harness. */
export const auth: Section = {
  name: "auth",
  async run(options): Promise<SectionResult> {
    const action = resolve(options.tree, "actions/auth");
    if (!existsSync(join(action, "dist/index.js"))) throw new Skipped("no bundle: npm run bundle");
    const folder = mkdtempSync(join(tmpdir(), "bench-auth-"));
    await using world = await createWorld();
    options.print("packing a model of configure-aws-credentials");
    const standIns = await writeStandIns(folder);
    const cases = await casesOf(world, action, standIns);
    const samples: AuthSample[] = [];
    for (let round = 0; round < (options.rounds ?? 15); round++) {
      for (const one of cases)
        if (round < (one.rounds ?? Number.POSITIVE_INFINITY)) samples.push(await run(world, one));
    }
    rmSync(folder, { recursive: true, force: true });
    const tokens = await measureTokens(world, action, options.rounds ?? 15);
    return {
      tables: [...authTables(samples, standIns.peerBytes), tokenTable(tokens)],
      figures: { steps: samples, tokens },
    };
  },
};

async function casesOf(world: World, action: string, standIns: StandIns): Promise<readonly Case[]> {
  const stranger = world.aws.addRole({ name: "stranger", trust: trustFor("repo:acme/other:ref:refs/heads/main") });
  const env = { ...world.aws.env, ...world.github.env, ROLE: world.role };
  const forbidden = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("ACTIONS_ID_TOKEN_")));
  const login = { "aws-region": REGION, "role-to-assume": world.role };
  const done = await runStep({ action, with: login, env, github: world.github.context });
  const after = { env: { ...env, ...done.env }, state: done.state, stage: "post" as const };
  return [
    { what: "empty Node", step: { action: standIns.empty, env }, succeeds: true },
    { what: "floor: two requests, no library", step: { action: standIns.floor, env }, succeeds: true },
    { what: PEER, step: { action: standIns.peer, with: login, env }, succeeds: true },
    { what: "login", step: { action, with: login, env }, succeeds: true },
    { what: "post", step: { action, with: login, ...after }, succeeds: true },
    {
      what: "denied by the trust policy",
      step: { action, with: { ...login, "role-to-assume": stranger }, env },
      succeeds: false,
      rounds: 5,
    },
    { what: "`id-token: write` is missing", step: { action, with: login, env: forbidden }, succeeds: false },
    {
      what: "bad input",
      step: { action, with: { ...login, "role-duration-seconds": "0" }, env },
      succeeds: false,
    },
  ];
}

async function run(world: World, { what, step, succeeds }: Case): Promise<AuthSample> {
  using machine = createMachine();
  const note = exitNote(machine.toolCache);
  const before = countsOf(world);
  const result = await runStep({ machine, machineEnv: note.env, github: world.github.context, ...step });
  if ((result.outcome === "success") !== succeeds) throw new Error(`${what}: ${result.log.slice(-3000)}`);
  const after = countsOf(world);
  return {
    what,
    ms: result.durationMs,
    ...note.read(),
    oidc: after.oidc - before.oidc,
    sts: after.sts - before.sts,
  };
}

function countsOf(world: World): { readonly oidc: number; readonly sts: number } {
  return {
    oidc: world.github.requests.filter(({ path }) => path.includes("/idtoken/")).length,
    sts: world.aws.requests.length,
  };
}
