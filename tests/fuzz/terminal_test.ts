/** Terminals under random keys, output, attributes and requests: what they hold stays within bounds. @module */
import assert from "node:assert/strict";
import { NCCS } from "../../runtime/abi/linux/termios.ts";
import { TTY_IOCTL } from "../../runtime/abi/linux/tty_ioctl.ts";
import { ttyIoctl } from "../../runtime/sandbox/kernel/tty/ioctl.ts";
import { terminalSession } from "../../runtime/sandbox/kernel/tty/testing.ts";
import { fuzz, type Random } from "./random.ts";

const REQUESTS = Object.values(TTY_IOCTL).filter((request) =>
  request !== TTY_IOCTL.TIOCGPTPEER && request !== TTY_IOCTL.TIOCSTI
);

function argument(random: Random): Parameters<typeof ttyIoctl>[3] {
  switch (random.below(4)) {
    case 0: {
      const [iflag, oflag, cflag, lflag] = [random.u32(), random.u32(), random.u32(), random.u32()];
      return { iflag, oflag, cflag, lflag, cc: [...random.bytes(NCCS)] } as Parameters<typeof ttyIoctl>[3];
    }
    case 1:
      return { rows: random.below(65536), cols: random.below(65536), xpixel: 0, ypixel: 0 };
    case 2:
      return random.below(70);
    default:
      return null;
  }
}

fuzz("terminals stay within bounds", 150, (random) => {
  const { leader, master, slave } = terminalSession();
  const { tty } = master;
  const buffer = new Uint8Array(9000);
  for (let step = 0; step < 120; step++) {
    const n = random.below(random.oneIn(4) ? 9000 : 20), bytes = random.bytes(n);
    switch (random.below(5)) {
      case 0:
        assert.ok(master.write(bytes, 0, n) <= n);
        break;
      case 1:
        assert.ok(slave.write(bytes, 0, n) <= n);
        break;
      case 2:
        assert.ok(slave.read(buffer, 0, n) <= n);
        break;
      case 3:
        assert.ok(master.read(buffer, 0, n) <= n);
        break;
      default:
        ttyIoctl(leader, random.oneIn(2) ? master : slave, random.pick(REQUESTS), argument(random));
    }
    const { input } = tty.discipline;
    assert.ok(input.count >= 0 && input.count <= 4096, `${input.count} bytes of input`);
    assert.ok(slave.hungUp || slave.available() >= 0);
    assert.ok(tty.outgoing.length <= 4095 + 8192);
    assert.ok(tty.discipline.echo.length <= 16384, `${tty.discipline.echo.length} bytes of echo`);
  }
});
