import { type Clock, systemClock } from "./clock.ts";
import { formatDuration } from "./duration.ts";

/** A line in the checks tab, on the file and line to blame where they are known. */
export interface Annotation {
  readonly level: "error" | "warning" | "notice";
  /** The code, or a few words. */
  readonly title: string;
  readonly message: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** Where log lines go. The real one is the runner's stdout, through `@actions/core`. */
export interface Console {
  line(text: string): void;
  startGroup(title: string): void;
  endGroup(): void;
  annotate(annotation: Annotation): void;
  mask(secret: string): void;
  debug(text: string): void;
  /** Everything until the matching resume is text, never a command. */
  stopCommands(token: string): void;
  resumeCommands(token: string): void;
}

/** One state of a wait. */
export interface WaitState {
  /** The thing awaited: `Deployment web`. */
  readonly what: string;
  /** How far it is: `3/5 ready`. A change of this text prints a line at once. */
  readonly progress: string;
  /** The one thing that holds it up now. */
  readonly waiting?: string | undefined;
  /** Usual length, milliseconds. */
  readonly typicalMs?: number | undefined;
}

/** A running wait; `update` prints at each change and at least every 10 s. */
export interface Wait extends Disposable {
  update(state: WaitState): void;
}

export interface Log {
  /** One line of text. Newlines, ANSI codes and workflow commands in it are made inert. */
  info(text: string): void;
  debug(text: string): void;
  annotate(annotation: Annotation): void;
  /** Masks the value and each of its lines in everything the runner shows from now on. */
  mask(secret: string): void;
  /** Folds the lines of `body` under a title. A body that says nothing leaves no group behind. */
  group<T>(title: string, body: () => Promise<T>): Promise<T>;
  /** Closes the groups of work that was left behind, so that what follows is not folded away. */
  endGroups(): void;
  /** Lines from a pod, an API or a pull request: printed as they are, with commands stopped. */
  untrusted(lines: readonly string[]): void;
  wait(): Wait;
}

const HEARTBEAT_MS = 10_000;

interface Group {
  readonly title: string;
  /** True once a line of it was printed. */
  isOpen: boolean;
}

export function createLog(console: Console, clock: Clock = systemClock): Log {
  const groups = new Set<Group>();
  function openGroups() {
    for (const group of groups) {
      if (!group.isOpen) console.startGroup(group.title);
      group.isOpen = true;
    }
  }
  function close(group: Group) {
    if (groups.delete(group) && group.isOpen) console.endGroup();
  }
  function line(text: string) {
    openGroups();
    console.line(text);
  }
  return {
    info: (text) => {
      for (const part of text.split(/\r\n|\r|\n/)) line(inert(part));
    },
    debug: (text) => console.debug(text),
    annotate: (annotation) => console.annotate(annotation),
    mask: (secret) => {
      for (const part of maskParts(secret)) console.mask(part);
    },
    async group(title, body) {
      const group: Group = { title: inert(title), isOpen: false };
      groups.add(group);
      try {
        return await body();
      } finally {
        close(group);
      }
    },
    endGroups() {
      for (const group of groups) close(group);
    },
    untrusted(lines) {
      if (lines.length === 0) return;
      openGroups();
      const token = crypto.randomUUID();
      console.stopCommands(token);
      for (const text of lines) console.line(stripControl(text));
      console.resumeCommands(token);
    },
    wait: () => createWait(line, clock),
  };
}

/** The secret itself and, for a secret of several lines, each line: the runner masks line by line. */
export function maskParts(secret: string): readonly string[] {
  const lines = secret.split(/\r\n|\r|\n/).map((line) => line.trim());
  return [...new Set([secret.trim(), ...lines])].filter((part) => part.length >= 2);
}

// The runner reads a command from a line that begins with `::` after white space, and `##[` anywhere in a line.
function inert(text: string): string {
  const plain = stripControl(text).replaceAll("##[", "# #[");
  return plain.trimStart().startsWith("::") ? `› ${plain.trimStart()}` : plain;
}

/** Without ANSI sequences and control characters other than tab. */
export function stripControl(text: string): string {
  return text
    .replace(/\u001b(\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(\u0007|\u001b\\)?|[@-Z\\-_])/g, "")
    .replace(/[\u0000-\u0008\u000a-\u001f\u007f]/g, " ");
}

function createWait(line: (text: string) => void, clock: Clock): Wait {
  const startedAt = clock.now();
  let current: WaitState | undefined;
  let nextAt = startedAt + HEARTBEAT_MS;
  let printed = "";
  const stop = new AbortController();

  function print(state: WaitState) {
    const parts = [`${state.what} ${state.progress}`, ` · ${formatDuration(clock.now() - startedAt)}`];
    if (state.typicalMs !== undefined) parts.push(` (usually ${formatDuration(state.typicalMs)})`);
    if (state.waiting !== undefined && state.waiting !== "") parts.push(` · waiting: ${state.waiting}`);
    line(inert(parts.join("")));
    printed = key(state);
    nextAt = clock.now() + HEARTBEAT_MS;
  }

  async function beat() {
    while (!stop.signal.aborted) {
      await clock.sleep(nextAt - clock.now(), stop.signal);
      if (stop.signal.aborted || clock.now() < nextAt) continue;
      nextAt = clock.now() + HEARTBEAT_MS;
      if (current !== undefined) print(current);
    }
  }
  beat().catch(() => undefined); // ends by the abort in dispose, which is its only way to reject

  return {
    update(state) {
      current = state;
      if (key(state) !== printed) print(state);
    },
    [Symbol.dispose]() {
      stop.abort();
    },
  };
}

function key(state: WaitState): string {
  return `${state.what}\0${state.progress}\0${state.waiting ?? ""}`;
}
