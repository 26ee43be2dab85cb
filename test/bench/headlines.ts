import type { Table } from "./section.ts";

/** One line of the report: where it is found in the tables of a section. */
interface Headline {
  readonly section: string;
  /** For the reader of the README. */
  readonly what: string;
  /** The same for the reader of README.ko.md. */
  readonly korean: string;
  readonly table: RegExp;
  readonly ours: Cell;
  readonly against: Cell;
  /** What `against` is, when its row does not say so itself. */
  readonly name?: string;
  readonly ratio?: Cell;
}

/** A cell by the start of its row and of its column. */
interface Cell {
  readonly row: RegExp;
  readonly column: RegExp;
  /** Written behind each figure. */
  readonly unit?: string;
}

/** A row of the report; figures are ready to print, with their units. */
export interface HeadlineRow {
  readonly what: string;
  readonly korean: string;
  readonly ours: string;
  readonly against: string;
  readonly ratio: string;
}

const ROLLOUT = /^actions\/rollout, N = 100, RTT 20/;
const KUBECTL = /^kubectl.*N = 100, RTT 20/;
const MS = { column: /^wall ms/, unit: " ms" };

const HEADLINES: readonly Headline[] = [
  {
    section: "rollout",
    what: "100 objects applied and healthy, nothing there before",
    korean: "오브젝트 100개를 처음 적용해 정상이 될 때까지",
    table: /^cold/,
    ours: { row: ROLLOUT, ...MS },
    against: { row: KUBECTL, ...MS },
    ratio: { row: ROLLOUT, column: /^to the best peer/ },
  },
  {
    section: "rollout",
    what: "the same 100 objects again, nothing to do",
    korean: "같은 오브젝트 100개를 다시 적용(변경 없음)",
    table: /^unchanged/,
    ours: { row: ROLLOUT, ...MS },
    against: { row: KUBECTL, ...MS },
    ratio: { row: ROLLOUT, column: /^to the best peer/ },
  },
  {
    section: "rollout",
    what: "a crash loop turns the run red",
    korean: "크래시 루프를 실패로 판정할 때까지",
    table: /crash-looping/,
    ours: { row: /^actions\/rollout/, ...MS },
    against: { row: /^kubectl/, ...MS },
  },
  {
    section: "auth",
    what: "login, over an empty process",
    korean: "로그인(빈 프로세스 대비 추가 시간)",
    table: /^auth/,
    ours: { row: /^login/, column: /^over empty ms/, unit: " ms" },
    against: { row: /configure-aws-credentials/, column: /^over empty ms/, unit: " ms" },
    ratio: { row: /^login/, column: /^over empty, to that/ },
  },
  {
    section: "auth",
    what: "a role that does not trust the job is told",
    korean: "작업을 신뢰하지 않는 역할을 알려 줄 때까지",
    table: /^auth/,
    ours: { row: /^denied/, ...MS },
    against: { row: /^denied/, column: /^recorded/ },
    name: "configure-aws-credentials, recorded",
  },
  {
    section: "bootstrap",
    what: "an empty account to a ready cluster, virtual time",
    korean: "빈 계정에서 클러스터 준비까지(가상 시간)",
    table: /fixed durations/,
    ours: { row: /^S1/, column: /^ours$/, unit: " s" },
    against: { row: /^S1/, column: /^floor$/, unit: " s" },
    name: "the longest path",
    ratio: { row: /^S1/, column: /^ours to the floor/ },
  },
  {
    section: "bootstrap",
    what: "an empty account to a ready cluster, beside eksctl",
    korean: "빈 계정에서 클러스터 준비까지(eksctl과 비교)",
    table: /fixed durations/,
    ours: { row: /^S1/, column: /^ours$/, unit: " s" },
    against: { row: /^S1/, column: /^model of eksctl/, unit: " s" },
    name: "a model of eksctl's waits",
    ratio: { row: /^S1/, column: /^ours to the model/ },
  },
  {
    section: "packing",
    what: "nodes for pods, dearer than the linear floor by",
    korean: "파드에 맞춘 노드 비용(이론적 하한 대비 초과)",
    table: /seeded workloads/,
    ours: { row: /^c, m, r/, column: /^gap %/, unit: " %" },
    against: { row: /^c, m, r/, column: /^first pass gap %/, unit: " %" },
    name: "Karpenter's first pass",
  },
  {
    section: "cost-diff",
    what: "a comment for 2,000 manifest files",
    korean: "매니페스트 2,000개의 비용 댓글",
    table: /end to end/,
    ours: { row: /^2000/, ...MS },
    against: { row: /^20$/, ...MS },
    name: "for 20 files",
  },
  {
    section: "starts",
    what: "start of rollout",
    korean: "rollout 시작 시간",
    table: /^starts/,
    ours: { row: /^rollout index/, ...MS },
    against: { row: /^empty Node/, ...MS },
    ratio: { row: /^rollout index/, column: /^× empty/, unit: " ×" },
  },
];

/** The lines that the sections measured so far have figures for, in the report's order. */
export function headlineRows(tables: ReadonlyMap<string, readonly Table[]>): readonly HeadlineRow[] {
  return HEADLINES.flatMap(({ section, what, korean, table, ours, against, name, ratio }) => {
    const found = tables.get(section)?.find(({ title }) => table.test(title));
    const mine = found && cell(found, ours);
    const theirs = found && cell(found, against);
    if (found === undefined || mine === undefined || theirs === undefined) return [];
    const opponent = `${name ?? theirs.row.replace(/, N = .*/, "")}: ${theirs.text}`;
    return [{ what, korean, ours: mine.text, against: opponent, ratio: (ratio && cell(found, ratio)?.text) ?? "–" }];
  });
}

function cell({ headers, rows }: Table, { row, column, unit = "" }: Cell): { row: string; text: string } | undefined {
  const line = rows.find(([first = ""]) => row.test(first));
  const figure = line?.[headers.findIndex((header) => column.test(header))];
  return line === undefined || figure === undefined || figure === ""
    ? undefined
    : { row: line[0] ?? "", text: `${figure}${unit}` };
}
