/** Network devices that move into containers, in a network namespace that stands for a host. @module */
import { testWhen } from "../../support/when.ts";
import { NATIVE } from "../support.ts";
import { NETWORK, scenario } from "./support.ts";

testWhen(
  { ...NETWORK, ...NATIVE.missing === undefined ? {} : { missing: NATIVE.missing } },
  "config-linux.md#network-devices: devices move with their addresses and are up; what cannot be moved is an error, and stays",
  scenario("devices"),
);
