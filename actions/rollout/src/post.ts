import { exitWith, runPost } from "@eks-actions/action";
import { cleanUp } from "./back/clean-up.ts";

await exitWith(runPost({ name: "rollout", post: cleanUp }));
