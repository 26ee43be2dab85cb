import * as core from "@actions/core";
import type { Annotation, Console } from "./log.ts";

/** The runner's log. `@actions/core` escapes the data of each command. */
export const runnerConsole: Console = {
  line: (text) => core.info(text),
  startGroup: (title) => core.startGroup(title),
  endGroup: () => core.endGroup(),
  annotate(annotation) {
    const write = { error: core.error, warning: core.warning, notice: core.notice }[annotation.level];
    write(annotation.message, properties(annotation));
  },
  mask: (secret) => core.setSecret(secret),
  debug: (text) => core.debug(text),
  stopCommands: (token) => core.info(`::stop-commands::${token}`),
  resumeCommands: (token) => core.info(`::${token}::`),
};

function properties(annotation: Annotation): core.AnnotationProperties {
  const { title, file, line, column } = annotation;
  return {
    title,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { startLine: line }),
    ...(column === undefined ? {} : { startColumn: column }),
  };
}
