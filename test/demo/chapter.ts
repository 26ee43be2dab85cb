import { stepsOf, type Told } from "../story/story.ts";
import type { Chapter } from "./page.ts";

/** States of the environment's deployment; where the job said nothing itself, GitHub ends it as the job ended. */
function statesOf({ deploymentStates, workflow }: Told): readonly string[] {
  const states = deploymentStates.filter((state, index) => state !== deploymentStates[index - 1]);
  return states.at(-1) === "in_progress" ? [...states, workflow.outcome] : states;
}

/** What the page shows of one told job. */
export function chapterOf(told: Told): Chapter {
  return {
    title: told.title,
    trigger: told.trigger,
    conclusion: told.workflow.outcome === "success" ? "success" : "failure",
    durationMs: told.durationMs,
    comments: told.comments,
    deployments: statesOf(told),
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
