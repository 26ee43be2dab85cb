import { isRecord } from "./action-file.ts";
import { type Contexts, evaluateToJson } from "./expressions.ts";

export type MatrixValues = Readonly<Record<string, unknown>>;

// GitHub starts no job for an axis without values, nor for more combinations than these.
const MOST_COMBINATIONS = 256;

/**
 * The combinations of a job's matrix: product, minus `exclude`, plus `include`; one empty one without a matrix.
 * @throws Error in GitHub's words for an empty axis and for too many combinations
 */
export function expandMatrix(matrix: unknown, contexts: Contexts): readonly MatrixValues[] {
  const plain = fill(matrix, contexts);
  if (!isRecord(plain)) return [{}];
  const { include, exclude, ...axes } = plain;
  let combinations: MatrixValues[] = Object.keys(axes).length === 0 ? [] : [{}];
  for (const [name, values] of Object.entries(axes)) {
    const list = Array.isArray(values) ? values : [values];
    if (list.length === 0) throw new Error(`Matrix vector '${name}' does not contain any values`);
    combinations = combinations.flatMap((base) => list.map((value) => ({ ...base, [name]: value })));
  }
  const left = combinations.filter((values) => !records(exclude).some((entry) => matches(values, entry)));
  const extra: MatrixValues[] = [];
  for (const entry of records(include)) {
    const shared = Object.fromEntries(Object.entries(entry).filter(([name]) => name in axes));
    const hits = left.filter((values) => Object.keys(axes).length > 0 && matches(values, shared));
    if (hits.length === 0) extra.push(entry);
    for (const hit of hits) left[left.indexOf(hit)] = { ...hit, ...entry };
  }
  const all = [...left, ...extra];
  if (all.length > MOST_COMBINATIONS) {
    throw new Error(`The strategy configuration is producing more than ${MOST_COMBINATIONS} jobs.`);
  }
  return all;
}

function fill(value: unknown, contexts: Contexts): unknown {
  if (typeof value === "string") return value.includes("${{") ? evaluateToJson(value, contexts) : value;
  if (Array.isArray(value)) return value.map((entry) => fill(entry, contexts));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, fill(entry, contexts)]));
}

function matches(values: MatrixValues, entry: MatrixValues): boolean {
  return Object.entries(entry).every(([name, value]) => JSON.stringify(values[name]) === JSON.stringify(value));
}

function records(value: unknown): readonly MatrixValues[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
