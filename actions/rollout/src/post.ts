import { exitWith, runPost } from "@eks-actions/action";
import { cleanUp } from "./clean-up.ts";

await exitWith(runPost({ name: "rollout", post: cleanUp }));
