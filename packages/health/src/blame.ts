import { causes, type FailureCause, type Verdict } from "./verdict.ts";

/** One cause out of many failed objects. */
export interface Blame {
  readonly why: FailureCause;
  readonly message: string;
  /** The objects that share the cause, the first named first. */
  readonly verdicts: readonly Verdict[];
}

/** Failed verdicts grouped by cause, the strongest explanation first; what broke alone comes before what broke with it. */
export function blameFor(verdicts: readonly Verdict[]): readonly Blame[] {
  const failed = verdicts.filter((verdict) => verdict.status === "failed");
  const groups = new Map<string, Verdict[]>();
  for (const verdict of [...failed].sort(byName)) {
    const key = `${verdict.why}\0${withoutCounts(verdict.message)}`;
    groups.set(key, [...(groups.get(key) ?? []), verdict]);
  }
  return [...groups.values()]
    .flatMap((group): Blame[] => {
      const [first] = group;
      const why = causes.find((cause) => cause === first?.why);
      if (first === undefined || why === undefined) return [];
      return [{ why, message: group.length === 1 ? first.message : merged(group), verdicts: group }];
    })
    .sort((a, b) => causes.indexOf(a.why) - causes.indexOf(b.why));
}

const COUNTS = /^(\d+)\/(\d+) pods: /;

function withoutCounts(message: string): string {
  return message.replace(COUNTS, "");
}

function merged(group: readonly Verdict[]): string {
  const counts = group.map((verdict) => COUNTS.exec(verdict.message));
  const sum = (index: number) => counts.reduce((total, match) => total + Number(match?.[index] ?? 1), 0);
  return `${sum(1)}/${sum(2)} pods: ${withoutCounts(group[0]?.message ?? "")}`;
}

function byName(a: Verdict, b: Verdict): number {
  return `${a.ref.kind} ${a.ref.namespace} ${a.ref.name}`.localeCompare(
    `${b.ref.kind} ${b.ref.namespace} ${b.ref.name}`,
  );
}
