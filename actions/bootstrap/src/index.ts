import { exitWith, runAction } from "@eks-actions/action";
import { bootstrap } from "./action.ts";

await exitWith(runAction(bootstrap));
