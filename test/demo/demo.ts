// The main job end to end, by the built actions, on the embedded stand-ins: no AWS, no Docker, no Go.
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { embeddedStage } from "../story/embedded-stage.ts";
import {
  badReleaseIsReverted,
  clusterIsBuilt,
  pullRequestGetsItsCost,
  releaseIsDeployed,
  type Told,
} from "../story/story.ts";
import { prepareRelease } from "./build.ts";
import { chapterOf } from "./chapter.ts";
import { renderPage } from "./page.ts";
import { printChapter, printLine, printTold } from "./print.ts";

const SCENES = [
  { tell: pullRequestGetsItsCost, ends: "success" },
  { tell: clusterIsBuilt, ends: "success" },
  { tell: releaseIsDeployed, ends: "success" },
  { tell: badReleaseIsReverted, ends: "failure" },
] as const;

const startedAt = performance.now();
const releaseTree = prepareRelease();
await using stage = await embeddedStage(releaseTree, { onLine: printLine, onChapter: printChapter });
const told: Told[] = [];
for (const { tell, ends } of SCENES) {
  const chapter = await tell(stage);
  told.push(chapter);
  printTold(chapter);
  if (chapter.workflow.outcome === ends) continue;
  console.error(`\n"${chapter.title}" ended ${chapter.workflow.outcome}, not ${ends}`);
  process.exitCode = 1;
  break;
}

mkdirSync(".demo", { recursive: true });
writeFileSync(".demo/index.html", renderPage(told.map(chapterOf)));
console.log(`\n${told.length} runs in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
console.log(
  `Logs, comments and summaries as GitHub would show them: ${pathToFileURL(resolve(".demo/index.html")).href}`,
);
