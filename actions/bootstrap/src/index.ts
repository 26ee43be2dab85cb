import { exitWith, runAction } from "@eks-actions/action";
import { bootstrap } from "./bootstrap.ts";

await exitWith(runAction(bootstrap));
