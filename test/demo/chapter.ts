import { stepsOf, type Told } from "../story/story.ts";
import type { Chapter } from "./page.ts";

/** What the page shows of one told job. */
export function chapterOf(told: Told): Chapter {
  return {
    title: told.title,
    trigger: told.trigger,
    conclusion: told.workflow.outcome === "success" ? "success" : "failure",
    durationMs: told.durationMs,
    comments: told.comments,
    deployments: told.deploymentStates,
    steps: stepsOf(told.workflow).map((step) => ({
      name: step.name,
      conclusion: step.conclusion === "failure" ? "failure" : "success",
      durationMs: step.durationMs,
      log: step.log.split("\n"),
      summary: step.summary,
      annotations: step.annotations.map((annotation) => ({
        level: annotation.level,
        title: annotation.title ?? "",
        message: annotation.message,
        place:
          annotation.file === undefined
            ? ""
            : `${annotation.file}${annotation.line === undefined ? "" : `:${annotation.line}`}`,
      })),
    })),
  };
}
