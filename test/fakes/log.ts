import { type Annotation, type Clock, type Console, createLog, type Log } from "@eks-actions/action";
import { virtualClock } from "./clock.ts";

/** What was said to a console, for tests that look at it afterwards. */
export interface Recording {
  readonly console: Console;
  /** In order, groups, masks and stopped commands as the commands that the runner reads. */
  readonly lines: readonly string[];
  readonly annotations: readonly Annotation[];
  readonly masks: readonly string[];
}

export function recordingConsole(): Recording {
  const lines: string[] = [];
  const annotations: Annotation[] = [];
  const masks: string[] = [];
  const console: Console = {
    line: (text) => lines.push(text),
    startGroup: (title) => lines.push(`::group::${title}`),
    endGroup: () => lines.push("::endgroup::"),
    annotate: (annotation) => annotations.push(annotation),
    mask: (secret) => {
      masks.push(secret);
      lines.push(`::add-mask::${secret}`);
    },
    debug: () => undefined,
    stopCommands: (token) => lines.push(`::stop-commands::${token}`),
    resumeCommands: (token) => lines.push(`::${token}::`),
  };
  return { console, lines, annotations, masks };
}

/** For tests that are about something else. */
export function silentLog(clock: Clock = virtualClock()): Log {
  return createLog(recordingConsole().console, clock);
}
