/** Private networks, each scenario in a network namespace of its own that stands for a host. @module */
import { testWhen } from "../../support/when.ts";
import { NETWORK, scenario } from "./support.ts";

testWhen(
  NETWORK,
  "setUpPrivateNetwork(): containers reach each other, what is outside by the host's address, and are reached by published ports",
  scenario("traffic"),
);

testWhen(
  NETWORK,
  "setUpPrivateNetwork(): filters of others that drop what they do not know let containers out, and are as they were in the end",
  scenario("filters"),
);

testWhen(
  NETWORK,
  "setUpPrivateNetwork(): names and addresses are nobody else's, and dispose() leaves nothing",
  scenario("choices"),
);

for (const seed of ["1", "2"]) {
  testWhen(
    NETWORK,
    `setUpPrivateNetwork(): what killed engines have left is found and removed (seed ${seed})`,
    scenario("killed", seed),
  );
}
