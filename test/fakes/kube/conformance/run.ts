import { setTimeout as sleep } from "node:timers/promises";
import { equal, get, isJson, isObject, type Json, type JsonObject, objectsAt } from "../json.ts";
import type { Case, Events, Gone, Pace, Path, Request, Settle, Step, Watch, Who } from "./case.ts";
import { type Answer, type Call, connect, type Target } from "./http.ts";
import { createNormaliser, type Normaliser } from "./normalise.ts";

/** What one step has shown, ready to be compared. */
export interface Observation {
  readonly step: string;
  readonly shown: Json;
}

interface Session {
  readonly send: (call: Call) => Promise<Answer>;
  readonly token: (who: Who) => string | undefined;
  readonly normaliser: Normaliser;
  readonly saved: Map<string, string>;
  readonly observations: Observation[];
}

const patience = 30_000;

/** The value at a path; undefined where any step is missing. */
function at(value: Json | undefined, path: Path): Json | undefined {
  let here = value;
  for (const step of path) {
    if (typeof step !== "object") here = get(here, step);
    else {
      const items = Array.isArray(here) ? here : [];
      here = items.find((item) => Object.entries(step).every(([key, wanted]) => get(item, key) === wanted));
    }
  }
  return here;
}

/** Runs a case's steps against one server, in a namespace that exists and is its own. */
export async function runCase(one: Case, target: Target, namespace: string): Promise<readonly Observation[]> {
  const tokens: Readonly<Record<Who, string | undefined>> = {
    admin: target.adminToken,
    ci: target.ciToken,
    nobody: undefined,
    stranger: "not-a-token",
  };
  const session: Session = {
    send: connect(target),
    token: (who) => tokens[who],
    normaliser: createNormaliser(namespace),
    saved: new Map([["ns", namespace]]),
    observations: [],
  };
  for (const step of one.steps) await runStep(session, step);
  return session.observations;
}

async function runStep(session: Session, step: Step): Promise<void> {
  switch (step.do) {
    case "request":
      return runRequest(session, step);
    case "settle":
      return runSettle(session, step);
    case "gone":
      return runGone(session, step);
    case "watch":
      return runWatch(session, step);
    case "pace":
      return runPace(session, step);
    case "events":
      return runEvents(session, step);
  }
}

const fill = (session: Session, text: string): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => session.saved.get(name) ?? whole);

function show(session: Session, step: string, shown: Json) {
  session.observations.push({ step, shown: session.normaliser.value(shown) });
}

function parse(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : null;
  } catch {
    // Health checks and unknown paths answer in plain text.
    return text;
  }
}

function keep(session: Session, save: Request["save"], body: Json) {
  for (const [name, path] of Object.entries(save ?? {})) session.saved.set(name, String(at(body, path) ?? ""));
}

async function runRequest(session: Session, step: Request): Promise<void> {
  const raw = step.raw ?? (step.body === undefined ? undefined : JSON.stringify(step.body));
  const answer = await session.send({
    method: step.method,
    path: fill(session, step.path),
    token: session.token(step.as ?? "admin"),
    body: raw === undefined ? undefined : fill(session, raw),
    type: step.type,
    accept: step.accept,
  });
  const body = parse(answer.text);
  const label = `${step.method} ${step.path}`;
  if (answer.status !== step.status) {
    throw new Error(`${label}: wanted ${step.status}, got ${answer.status} ${answer.text.slice(0, 1500)}`);
  }
  keep(session, step.save, body);
  const shown = step.only === undefined ? body : step.only.map((path) => at(body, path) ?? null);
  const headers: JsonObject = {};
  for (const name of ["warning", "retry-after", "content-type"]) {
    const value = answer.headers[name];
    if (value !== undefined) headers[name] = value.replace("; charset=utf-8", "");
  }
  show(session, label, { status: answer.status, headers, body: shown });
}

async function read(session: Session, path: string): Promise<{ readonly status: number; readonly body: Json }> {
  const answer = await session.send({ method: "GET", path: fill(session, path), token: session.token("admin") });
  return { status: answer.status, body: parse(answer.text) };
}

const fits = (body: Json, until: Settle["until"]) =>
  until.every(([path, value]) => equal(at(body, path) ?? null, value));

async function until(session: Session, path: string, wanted: Settle["until"]): Promise<Json> {
  const end = Date.now() + patience;
  for (;;) {
    const { status, body } = await read(session, path);
    if (status === 200 && fits(body, wanted)) return body;
    if (Date.now() > end)
      throw new Error(`${path} did not become ${JSON.stringify(wanted)}: ${JSON.stringify(body).slice(0, 3000)}`);
    await sleep(20);
  }
}

async function runSettle(session: Session, step: Settle): Promise<void> {
  const body = await until(session, step.path, step.until);
  keep(session, step.save, body);
  const shown = (step.compare ?? []).map((path) => at(body, path) ?? null);
  show(session, `settle ${step.path}`, shown);
}

async function runGone(session: Session, step: Gone): Promise<void> {
  const end = Date.now() + patience;
  while ((await read(session, step.path)).status !== 404) {
    if (Date.now() > end) throw new Error(`${step.path} is still there`);
    await sleep(20);
  }
  show(session, `gone ${step.path}`, null);
}

async function runEvents(session: Session, step: Events): Promise<void> {
  const end = Date.now() + patience;
  for (;;) {
    const { body } = await read(session, "/api/v1/namespaces/{ns}/events");
    const found = objectsAt(body, "items").filter((event) => step.reasons.includes(String(event["reason"])));
    const lines = said(session, found);
    if (lines.length >= step.lines) {
      show(session, `events ${step.reasons.join(", ")}`, lines);
      return;
    }
    if (Date.now() > end) throw new Error(`only ${lines.length} of ${step.lines} events: ${lines.join("; ")}`);
    await sleep(50);
  }
}

/** What events say, each sentence once: how often and in which order is free. */
function said(session: Session, events: readonly JsonObject[]): string[] {
  const lines = events.map((event) => {
    const parts = [
      event["type"],
      event["reason"],
      event["reportingComponent"],
      get(event, "involvedObject", "kind"),
      get(event, "involvedObject", "apiVersion"),
      event["message"],
    ];
    // kwok speaks under its own name and leaves out the version; a kubelet does not.
    return session.normaliser.text(parts.join(" | ").replace("kwok_controller | Pod |  |", "kubelet | Pod | v1 |"));
  });
  return [...new Set(lines)].sort();
}

function eventsIn(text: string): Json[] {
  return text
    .split("\n")
    .slice(0, -1)
    .filter((line) => line !== "")
    .map(parse)
    .filter((event) => !isIdleBookmark(event));
}

async function runWatch(session: Session, step: Watch): Promise<void> {
  const limit = step.events ?? Number.POSITIVE_INFINITY;
  let seen = 0;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), patience);
  const watching = session.send({
    method: "GET",
    path: fill(session, step.path),
    token: session.token("admin"),
    accept: step.accept,
    onText: (text) => {
      seen = eventsIn(text).length;
      return seen >= limit;
    },
    signal: abort.signal,
  });
  // The watch must stand before what it is to see happens.
  if (step.during !== undefined) await sleep(300);
  while (seen < (step.after ?? 0) && !abort.signal.aborted) await sleep(20);
  for (const one of step.during ?? []) await runStep(session, one);
  const answer = await watching;
  clearTimeout(timer);
  const events = eventsIn(answer.text.endsWith("\n") ? answer.text : `${answer.text}\n`).slice(0, limit);
  keep(session, step.save, events);
  show(session, `watch ${step.path}`, { status: answer.status, events: step.brief === true ? brief(events) : events });
}

/** A bookmark that only tells the time: they come when they come. */
const isIdleBookmark = (event: Json) =>
  get(event, "type") === "BOOKMARK" && get(event, "object", "metadata", "annotations") === undefined;

/** Event types in order, per object: between objects the order is free. */
function brief(events: readonly Json[]): Json {
  const byName: Record<string, Json[]> = {};
  for (const event of events) {
    const name = String(get(event, "object", "metadata", "name") ?? "");
    byName[name] = [...(byName[name] ?? []), get(event, "type") ?? null];
  }
  return byName;
}

async function runPace(session: Session, step: Pace): Promise<void> {
  let isOver = false;
  const broken: Json[] = [];
  const observe = async () => {
    const answer = session.send({
      method: "GET",
      path: fill(session, step.path),
      token: session.token("admin"),
      onText: () => isOver,
      signal: stop.signal,
    });
    return (await answer).text;
  };
  const stop = new AbortController();
  const watching = observe();
  await sleep(300);
  for (const one of step.during) await runStep(session, one);
  const object = step.path.replace(/\?.*$/, "");
  const name = /metadata\.name%3D([^&]+)/.exec(step.path)?.[1] ?? "";
  await until(session, `${object}/${name}`, step.until);
  isOver = true;
  stop.abort();
  for (const event of eventsIn(await watching)) {
    for (const { path, min, max } of step.bounds) {
      const value = Number(at(event, ["object", ...path]) ?? 0);
      if ((min !== undefined && value < min) || (max !== undefined && value > max))
        broken.push({ path: [...path], value });
    }
  }
  show(session, `pace ${step.path}`, { broken });
}

/** Throws `CONFORMANCE_DIFF` at the first step whose answers differ, showing only where they do. */
export function compareRuns(name: string, real: readonly Observation[], embedded: readonly Observation[]): void {
  real.forEach((observation, index) => {
    const other = embedded[index];
    if (other !== undefined && equal(observation.shown, other.shown)) return;
    const differences = differ(observation.shown, other?.shown ?? null, "").slice(0, 12);
    const shown = differences.map(
      ({ path, left, right }) => `  ${path}\n    real:     ${print(left)}\n    embedded: ${print(right)}`,
    );
    throw new Error(`CONFORMANCE_DIFF: case "${name}", step ${index + 1}: ${observation.step}\n${shown.join("\n")}`);
  });
}

const print = (value: Json | undefined) => (value === undefined ? "(absent)" : JSON.stringify(value).slice(0, 600));

interface Difference {
  readonly path: string;
  readonly left: Json | undefined;
  readonly right: Json | undefined;
}

function differ(left: Json | undefined, right: Json | undefined, path: string): Difference[] {
  if (equal(left, right)) return [];
  if (isObject(left) && isObject(right)) {
    return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) =>
      differ(left[key], right[key], `${path}.${key}`),
    );
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    const length = Math.max(left.length, right.length);
    return Array.from({ length }, (_, index) => differ(left[index], right[index], `${path}[${index}]`)).flat();
  }
  return [{ path, left, right }];
}
