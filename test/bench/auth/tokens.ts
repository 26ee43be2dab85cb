import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { awsCli } from "../../journeys/auth/aws-cli.ts";
import { addCluster, REGION, type World } from "../../journeys/auth/world.ts";
import { createMachine, runStep } from "../../runner/index.ts";
import { measure } from "../process.ts";
import type { Table } from "../section.ts";
import { ratio, type Spread, shown, spread } from "../spread.ts";

/** One token for kubectl, as it asks for one before its first request. */
export interface TokenSample {
  readonly what: string;
  readonly ms: number;
  readonly cpuMs: number;
}

interface Program {
  readonly what: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const EMPTY = "empty Node";
const PEER = "`aws eks get-token`";

/** The kubeconfig's program beside the AWS CLI's; without the CLI its rows are left out. */
export async function measureTokens(world: World, action: string, rounds: number): Promise<readonly TokenSample[]> {
  using machine = createMachine();
  addCluster(world, "payments");
  const env = { ...world.aws.env, ...world.github.env };
  const inputs = { "aws-region": REGION, "role-to-assume": world.role, "eks-cluster": "payments", credentials: "none" };
  const login = await runStep({ action, machine, with: inputs, env, github: world.github.context });
  if (login.outcome !== "success") throw new Error(login.log.slice(-3000));
  const programs = programsOf(world, action, login.outputs["kubeconfig-path"] ?? "", machine.home);
  const samples: TokenSample[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const { what, file, args, env: own } of programs) {
      const { ms, cpuMs, code, output } = await measure(file, args, { env: own });
      if (code !== 0) throw new Error(`${what}: ${output}`);
      samples.push({ what, ms, cpuMs });
    }
  }
  return samples;
}

function programsOf(world: World, action: string, kubeconfig: string, home: string): readonly Program[] {
  const { users } = parse(readFileSync(kubeconfig, "utf8")) as {
    users: readonly { readonly user: { readonly exec: { readonly args: readonly string[] } } }[];
  };
  const { accessKeyId, secretAccessKey, sessionToken } = world.aws.issueSession(world.role);
  const bare = { PATH: process.env["PATH"] ?? "", HOME: home };
  const keys = {
    ...bare,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_REGION: REGION,
  };
  const node = process.execPath;
  const program = join(action, "dist/credential/index.js");
  const cli = awsCli();
  return [
    { what: EMPTY, file: node, args: ["-e", ""], env: bare },
    {
      what: "`eks-token`, keys of the environment",
      file: node,
      args: [program, "eks-token", "--cluster", "payments", "--region", REGION],
      env: keys,
    },
    {
      what: "`eks-token`, session of `credentials: none`",
      file: node,
      args: users[0]?.user.exec.args ?? [],
      env: bare,
    },
    ...("path" in cli
      ? [{ what: PEER, file: cli.path, args: ["eks", "get-token", "--cluster-name", "payments"], env: keys }]
      : []),
  ];
}

export function tokenTable(samples: readonly TokenSample[]): Table {
  const names = [...new Set(samples.map(({ what }) => what))];
  const of = (what: string, figure: (one: TokenSample) => number): Spread =>
    spread(samples.filter((one) => one.what === what).map(figure));
  const empty = of(EMPTY, ({ ms }) => ms).median;
  const over = (what: string) => of(what, ({ ms }) => ms - empty);
  return {
    title: "a token for kubectl",
    note: "Wall milliseconds from the start of the program to its end, as kubectl waits for it. No request is sent.",
    headers: ["what", "wall ms", "over empty ms", `over empty, to that of ${PEER}`, "CPU ms"],
    rows: names.map((what) => [
      what,
      shown(of(what, ({ ms }) => ms)),
      over(what).median.toFixed(0),
      names.includes(PEER) ? ratio(over(what), over(PEER)) : "–",
      shown(of(what, ({ cpuMs }) => cpuMs)),
    ]),
  };
}
