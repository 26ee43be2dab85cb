// The main job end to end, by the built actions, on the embedded stand-ins: no AWS, no Docker, no Go.
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { startAws } from "../fakes/aws/index.ts";
import { startKube } from "../fakes/kube/index.ts";
import { createAppRepository } from "../story/app-repository.ts";
import {
  badReleaseIsReverted,
  clusterIsBuilt,
  pullRequestGetsItsCost,
  releaseIsDeployed,
  type Stage,
  seedAccount,
  type Told,
} from "../story/story.ts";
import { prepareRelease } from "./build.ts";
import { chapterOf } from "./chapter.ts";
import { renderPage } from "./page.ts";
import { printChapter, printLine, printTold } from "./print.ts";

const startedAt = performance.now();
const releaseTree = prepareRelease();
await using aws = await startAws({ seed: 7, scale: 1 / 600 });
await using kube = await startKube({
  authenticate: async (token) => {
    const review = await aws.tokenReview(token, { endpoint: kube.endpoint });
    return review === undefined ? undefined : { name: review.user.username, groups: review.user.groups };
  },
  missingImages: (image) => image.endsWith("-missing"),
});
aws.connect("*", { endpoint: kube.endpoint, caData: kube.caData });
seedAccount(aws);
using app = createAppRepository();

const stage: Stage = {
  aws,
  app,
  releaseTree,
  missingImages: "by name",
  onLine: printLine,
  onChapter: printChapter,
};
const scenes = [pullRequestGetsItsCost, clusterIsBuilt, releaseIsDeployed, badReleaseIsReverted];
const expected = ["success", "success", "success", "failure"];
const told: Told[] = [];
for (const [index, scene] of scenes.entries()) {
  const chapter = await scene(stage);
  told.push(chapter);
  printTold(chapter);
  if (chapter.workflow.outcome !== expected[index]) {
    console.error(`\n"${chapter.title}" ended ${chapter.workflow.outcome}, not ${expected[index]}`);
    process.exitCode = 1;
    break;
  }
}

mkdirSync(".demo", { recursive: true });
writeFileSync(".demo/index.html", renderPage(told.map(chapterOf)));
console.log(`\n${told.length} jobs in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
console.log(
  `Logs, comments and summaries as GitHub would show them: ${pathToFileURL(resolve(".demo/index.html")).href}`,
);
