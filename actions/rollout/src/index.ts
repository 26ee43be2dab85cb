import { exitWith, runAction } from "@eks-actions/action";
import { rollout } from "./action.ts";

await exitWith(runAction(rollout));
