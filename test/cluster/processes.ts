import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isSameProcess, processStart } from "./pids.ts";

const TERM_GRACE_MS = 3_000;

export interface Launched {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Set once the process has ended. */
  readonly exit: () => string | undefined;
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, 3 s, SIGKILL; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface ProcessGroup {
  /** One log per process; a restart appends. */
  launch(name: string, command: string, args: readonly string[]): Launched;
  /** Ends all in reverse order of their start and forgets them. */
  stopAll(): Promise<void>;
}

interface Entry {
  readonly name: string;
  readonly pid: number;
  readonly start: string;
}

interface PidFile {
  readonly owner: Entry;
  readonly workFolder: string;
  readonly processes: readonly Entry[];
}

/** Processes of one control plane in `workFolder`, written down so that the next run can end what this one leaves. */
export function processGroup(workFolder: string, registry: string = defaultRegistry()): ProcessGroup {
  mkdirSync(registry, { recursive: true });
  const pidFile = join(registry, `${process.pid}-${basename(workFolder)}.json`);
  const running: Launched[] = [];
  const owner = { name: "launcher", pid: process.pid, start: processStart(process.pid) };

  function writeDown() {
    const processes = running
      .filter((launched) => launched.exit() === undefined)
      .map(({ name, pid }) => ({ name, pid, start: processStart(pid) }));
    const content: PidFile = { owner, workFolder, processes };
    writeFileSync(`${pidFile}.new`, JSON.stringify(content));
    renameSync(`${pidFile}.new`, pidFile);
  }

  // A launcher that is ended without its teardown (an exit, Ctrl-C) takes its processes along.
  const endAll = () => {
    for (const launched of running) launched.signal("SIGKILL");
  };
  process.once("exit", endAll);

  return {
    launch(name, command, args) {
      const launched = launchOne(name, command, args, workFolder);
      running.push(launched);
      writeDown();
      return launched;
    },
    async stopAll() {
      for (const launched of running.reverse()) await launched.stop();
      running.length = 0;
      process.removeListener("exit", endAll);
      rmSync(pidFile, { force: true });
    },
  };
}

function launchOne(name: string, command: string, args: readonly string[], workFolder: string): Launched {
  const logFile = join(workFolder, `${name}.log`);
  const log = openSync(logFile, "a");
  const child = spawn(command, args, { cwd: workFolder, stdio: ["ignore", log, log] });
  closeSync(log);
  let exit: string | undefined;
  child.once("error", (error) => {
    exit = error.message;
  });
  child.once("exit", (code, signal) => {
    exit = code === null ? `signal ${signal}` : `exit code ${code}`;
  });
  return {
    name,
    pid: child.pid ?? 0,
    logFile,
    exit: () => exit,
    signal: (signal) => {
      if (exit === undefined) child.kill(signal);
    },
    stop: () => stop(child, () => exit),
  };
}

async function stop(child: ChildProcess, exit: () => string | undefined): Promise<void> {
  if (exit() !== undefined) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGCONT"); // a stopped process does not act on SIGTERM
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), TERM_GRACE_MS);
  await gone;
  clearTimeout(timer);
}

/** Where runs of this user write down what they started. */
export function defaultRegistry(): string {
  return join(tmpdir(), `eks-actions-clusters-${userInfo().uid}`);
}

/**
 * Ends what killed runs left behind and removes their work folders. A process counts as theirs only if pid and start
 * time match; runs whose launcher is alive are left alone. Returns what was ended, for the log.
 */
export async function endLeftovers(registry: string = defaultRegistry()): Promise<readonly string[]> {
  mkdirSync(registry, { recursive: true });
  const ended: string[] = [];
  for (const name of readdirSync(registry).filter((file) => file.endsWith(".json"))) {
    const file = join(registry, name);
    const content = parsePidFile(readFileSync(file, "utf8"));
    if (content !== undefined && isSameProcess(content.owner.pid, content.owner.start)) continue;
    for (const entry of content?.processes ?? []) {
      if (await endOne(entry)) ended.push(`${entry.name} (${entry.pid})`);
    }
    if (content !== undefined) rmSync(content.workFolder, { recursive: true, force: true });
    rmSync(file, { force: true });
  }
  return ended;
}

async function endOne({ pid, start }: Entry): Promise<boolean> {
  if (!isSameProcess(pid, start)) return false;
  process.kill(pid, "SIGKILL");
  while (isSameProcess(pid, start)) await sleep(20);
  return true;
}

function parsePidFile(text: string): PidFile | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isPidFile(value) ? value : undefined;
  } catch {
    return undefined; // Cut off in writing; its processes cannot be known.
  }
}

function isPidFile(value: unknown): value is PidFile {
  if (!isRecord(value)) return false;
  const { owner, workFolder, processes } = value;
  const isOurs = typeof workFolder === "string" && basename(workFolder).startsWith("eks-actions-cluster-");
  return isOurs && isEntry(owner) && Array.isArray(processes) && processes.every(isEntry);
}

function isEntry(value: unknown): value is Entry {
  if (!isRecord(value)) return false;
  return typeof value["name"] === "string" && typeof value["pid"] === "number" && typeof value["start"] === "string";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
