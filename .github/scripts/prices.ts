// Writes the price tables of packages/pricing.
//   node .github/scripts/prices.ts --facts <folder> [--accept]   from files of figures
//   node .github/scripts/prices.ts --check                       verifies what is committed, without a network
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const TABLE = join(import.meta.dirname, "../../packages/pricing/src/table");
const REGIONS = ["us-east-1", "us-gov-east-1", "us-gov-west-1"];
const ARCHES = ["amd64", "arm64"];
const MAX_AGE_DAYS = 548;
const MOVED = 0.05;

type Row = (string | number)[];
interface Types {
  readonly date: string;
  readonly source: readonly string[];
  readonly columns: readonly string[];
  readonly gpuNames: readonly string[];
  readonly families: Record<string, Row[]>;
}
interface Region {
  readonly currency: string;
  readonly date: string;
  readonly source: string;
  readonly prices: number[];
  readonly finer: Record<string, string>;
}
type Ec2 = { readonly regions: Record<string, Region> };
interface Service {
  readonly price: string | (readonly [number | null, string])[];
  readonly unit: string;
  readonly usage?: true;
  readonly source: string;
}
type Services = {
  readonly regions: Record<string, { currency: string; date: string; services: Record<string, Service> }>;
};
interface Versions {
  readonly date: string;
  readonly source: string;
  readonly versions: Record<string, [string, string]>;
}

const args = process.argv.slice(2);
const facts = args[args.indexOf("--facts") + 1];
if (args.includes("--check")) finish(check());
else if (args.includes("--facts") && facts !== undefined) write(facts, args.includes("--accept"));
else finish(["usage: prices.ts --facts <folder> [--accept] | --check"]);

function write(folder: string, isAccepted: boolean): void {
  const types = packTypes(read(join(folder, "instance-types.json")));
  const names = namesOf(types);
  const regions: Record<string, Region> = {};
  const doubts: string[] = [];
  for (const region of REGIONS) {
    const packed = packRegion(read(join(folder, `ec2-${region}.json`)), names);
    regions[region] = packed;
    if (ageDays(packed.date) > MAX_AGE_DAYS)
      doubts.push(`${region}: figures of ${packed.date} are older than 18 months`);
  }
  const services = packServices(read(join(folder, "services-us-east-1.json")));
  const versions = packVersions(read(join(folder, "eks-versions.json")));
  doubts.push(...differences(names, regions));
  if (doubts.length > 0 && !isAccepted) finish([...doubts, "look at each, then repeat with --accept"]);
  save("types.json", types, ["families"]);
  save("ec2.json", { regions }, ["regions"]);
  save("services.json", services, ["regions", "us-east-1", "services"]);
  save("versions.json", versions, ["versions"]);
  finish(check());
}

interface TypeFacts {
  readonly source: readonly string[];
  readonly columns: readonly string[];
  readonly types: Record<string, (string | number)[]>;
}

function packTypes(facts: TypeFacts): Types {
  const at = (row: readonly (string | number)[], column: string) => row[facts.columns.indexOf(column)] ?? 0;
  const names = Object.keys(facts.types).sort(byCodeUnit);
  const gpuNames = [...new Set(Object.values(facts.types).map((row) => String(at(row, "gpuName"))))].sort(byCodeUnit);
  const families: Record<string, Row[]> = {};
  for (const name of names) {
    const row = facts.types[name] ?? [];
    const [family = "", size = ""] = name.split(".");
    const arch = String(at(row, "arch"));
    const packed: Row = [
      size,
      at(row, "vcpu"),
      at(row, "memMiB"),
      arch.endsWith("_mac") ? 2 : ARCHES.indexOf(arch),
      at(row, "eni"),
      at(row, "ipPerEni"),
      at(row, "flags"),
      at(row, "gpu"),
      gpuNames.indexOf(String(at(row, "gpuName"))),
      at(row, "neuron"),
      at(row, "nvmeGB"),
    ];
    while (packed.at(-1) === 0) packed.pop();
    families[family] ??= [];
    families[family].push(packed);
  }
  return {
    date: /\d{4}-\d\d-\d\d/.exec(facts.source.join(" "))?.[0] ?? "",
    source: facts.source,
    columns: [
      "size",
      "vcpu",
      "memoryMib",
      "arch",
      "enis",
      "ipv4PerEni",
      "flags",
      "gpus",
      "gpuName",
      "neurons",
      "nvmeGb",
    ],
    gpuNames,
    families,
  };
}

interface PriceFacts {
  readonly currency: string;
  readonly generatedAt: string;
  readonly source: string;
  readonly onDemand: Record<string, number>;
}

function packRegion(facts: PriceFacts, names: readonly string[]): Region {
  const finer: Record<string, string> = {};
  const prices = names.map((name) => {
    const price = facts.onDemand[name];
    if (price === undefined) return 0;
    const units = Math.round(price * 1e5);
    if (units / 1e5 !== price) finer[name] = String(price);
    return units;
  });
  return { currency: facts.currency, date: facts.generatedAt.slice(0, 10), source: facts.source, prices, finer };
}

interface ServiceFacts {
  readonly region: string;
  readonly currency: string;
  readonly rows: readonly {
    key: string;
    unit: string;
    usd?: number;
    tiers?: [number | null, number][];
    usageBased?: boolean;
    source: string;
  }[];
}

function packServices(facts: ServiceFacts): Services {
  const services: Record<string, Service> = {};
  const dates: string[] = [];
  for (const row of [...facts.rows].sort((a, b) => byCodeUnit(a.key, b.key))) {
    const date = /\d{4}-\d\d-\d\d/.exec(row.source)?.[0];
    if (date !== undefined) dates.push(date);
    const price =
      row.tiers?.map(([upTo, usd]) => [upTo, plain(usd)] as const) ??
      (row.usd === undefined ? undefined : plain(row.usd));
    if (price === undefined) continue;
    services[row.key] = {
      price,
      unit: row.unit,
      ...(row.usageBased === true ? { usage: true as const } : {}),
      source: row.source.replace(/^PL /, "AWS price list "),
    };
  }
  return { regions: { [facts.region]: { currency: facts.currency, date: dates.sort()[0] ?? "", services } } };
}

function packVersions(facts: { asOf: string; versions: Record<string, [string, string]> }): Versions {
  return { date: facts.asOf, source: "AWS EKS release calendar", versions: facts.versions };
}

/** What a person should look at before it replaces the committed table. */
function differences(names: readonly string[], regions: Readonly<Record<string, Region>>): string[] {
  const old = { types: tryRead<Types>("types.json"), ec2: tryRead<Ec2>("ec2.json") };
  if (old.types === undefined || old.ec2 === undefined) return [];
  const before = namesOf(old.types);
  const found = before.filter((name) => !names.includes(name)).map((name) => `${name} vanished`);
  for (const [region, { prices }] of Object.entries(regions)) {
    for (const [index, price] of (old.ec2.regions[region]?.prices ?? []).entries()) {
      const name = before[index] ?? "";
      const now = prices[names.indexOf(name)] ?? 0;
      if (price > 0 && Math.abs(now - price) / price > MOVED)
        found.push(`${region} ${name}: ${price / 1e5} → ${now / 1e5}`);
    }
  }
  return found;
}

function check(): string[] {
  const faults: string[] = [];
  const expect = (isTrue: boolean, fault: string) => {
    if (!isTrue) faults.push(fault);
  };
  const types = read<Types>(join(TABLE, "types.json"));
  const ec2 = read<Ec2>(join(TABLE, "ec2.json"));
  const services = read<Services>(join(TABLE, "services.json")).regions["us-east-1"]?.services ?? {};
  const versions = read<Versions>(join(TABLE, "versions.json"));
  const names = namesOf(types);
  expect(names.length >= 1373, `types.json holds ${names.length} types, fewer than 1,373`);
  expect(isSorted(names), "types.json is not in code unit order");
  expect(isSorted(Object.keys(services)), "services.json is not in code unit order");
  for (const [family, rows] of Object.entries(types.families)) {
    for (const row of rows) {
      const isWhole = row.slice(1).every((cell) => typeof cell === "number" && Number.isInteger(cell) && cell >= 0);
      expect(isWhole && row.length >= 6, `types.json: ${family}.${row[0]} is no row of integers`);
    }
  }
  for (const [name, region] of Object.entries(ec2.regions)) {
    expect(region.prices.length === names.length, `ec2.json: ${name} has ${region.prices.length} prices`);
    expect(
      region.prices.every((price) => Number.isInteger(price) && price >= 0),
      `ec2.json: ${name} has odd prices`,
    );
    expect(/^\d{4}-\d\d-\d\d$/.test(region.date), `ec2.json: ${name} has no date`);
    for (const finer of Object.keys(region.finer)) expect(names.includes(finer), `ec2.json: ${name}: unknown ${finer}`);
  }
  for (const [minor, [standard, extended]] of Object.entries(versions.versions)) {
    expect(standard < extended, `versions.json: ${minor} ends extended support first`);
  }
  return [...faults, ...anchors(names, ec2, services)];
}

/** Monthly figures that AWS's calculator and published goldens show, in cents. */
function anchors(names: readonly string[], ec2: Ec2, services: Readonly<Record<string, Service>>): string[] {
  const unit = (key: string) => Number(services[key]?.price);
  const onDemand = (name: string) => (ec2.regions["us-east-1"]?.prices[names.indexOf(name)] ?? 0) / 1e5;
  const rows: [string, number, number][] = [
    ["cluster", unit("eks.cluster") * 730, 73],
    ["cluster in extended support", (unit("eks.cluster") + unit("eks.extendedSupport")) * 730, 438],
    ["t3.medium", onDemand("t3.medium") * 730, 30.37],
    ["NAT gateway", unit("nat.hour") * 730, 32.85],
    ["ALB", unit("elb.alb.hour") * 730, 16.43],
    ["NLB", unit("elb.nlb.hour") * 730, 16.43],
    ["Classic load balancer", unit("elb.clb.hour") * 730, 18.25],
    ["60 GB gp2", unit("ebs.gp2.gb") * 60, 6],
    ["300 GB gp3", unit("ebs.gp3.gb") * 300, 24],
    ["30 GB io1 with 300 IOPS", unit("ebs.io1.gb") * 30 + unit("ebs.io1.iops") * 300, 23.25],
    ["1 GB of Fargate", unit("fargate.x86.gb") * 730, 3.24],
    ["1 vCPU of Fargate", unit("fargate.x86.vcpu") * 730, 29.55],
  ];
  return rows.flatMap(([what, month, expected]) =>
    Math.abs(month - expected) < 0.0051 ? [] : [`anchor: ${what} is ${month.toFixed(2)} a month, not ${expected}`],
  );
}

function namesOf(types: Types): string[] {
  return Object.entries(types.families).flatMap(([family, rows]) => rows.map((row) => `${family}.${row[0]}`));
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(file, "utf8")) as T;
}

function tryRead<T>(file: string): T | undefined {
  try {
    return read<T>(join(TABLE, file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** One line for each entry of the map at `path`, so that a change of one price is a change of one line. */
function save(file: string, value: object, path: readonly string[]): void {
  const [key, ...rest] = path;
  const print = (node: unknown, steps: readonly string[]): string => {
    const entries = Object.entries(node as object).map(([name, child]) => {
      const [step, ...deeper] = steps;
      const body =
        step === undefined ? JSON.stringify(child) : name === step ? print(child, deeper) : JSON.stringify(child);
      return `${JSON.stringify(name)}: ${body}`;
    });
    return `{\n${entries.join(",\n")}\n}`;
  };
  writeFileSync(join(TABLE, file), `${print(value, key === undefined ? [] : [key, ...rest])}\n`);
}

function plain(value: number): string {
  return value.toFixed(10).replace(/\.?0+$/, "");
}

function ageDays(date: string): number {
  return (Date.now() - Date.parse(date)) / 86_400_000;
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isSorted(names: readonly string[]): boolean {
  return names.every((name, index) => index === 0 || byCodeUnit(names[index - 1] ?? "", name) < 0);
}

function finish(faults: readonly string[]): never {
  for (const fault of faults) console.error(fault);
  if (faults.length === 0) console.log("prices: the tables are in order");
  process.exit(faults.length === 0 ? 0 : 1);
}
