/**
 * A real shell: Debian's dash, compiled for WASIX, does what the same dash does on Linux. Each case is a script; where a dash of this machine
 * can be asked, its output and exit code are what is expected.
 * @module
 */
import assert from "node:assert/strict";
import { GuestKernel } from "../support/guests.ts";
import { repositoryFile, withDirectory } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { debianProgram } from "./debian_program.ts";

const dash = await debianProgram("dash");

const CASES: Readonly<Record<string, string>> = {
  "simple commands and variables":
    `a=1; b="$a 2"; echo "$b" '$b' \${c:-none} \${#b}; echo $((a + 2 * 3)); unset a; echo "[$a]"`,
  "pipes":
    `echo one two | cat | while read a b; do echo "$b $a"; done; false | true; echo $?; true | false; echo $?`,
  "long pipelines":
    `i=0; while [ $i -lt 2000 ]; do echo "line $i"; i=$((i+1)); done | cat | cat | cat | { n=0; while read l; do n=$((n+1)); done; echo $n; }`,
  "subshells": `x=1; (x=2; cd /; echo $x; exit 7); echo $? $x; ( ( (echo deep) ) ); { echo group; } | cat`,
  "command substitution":
    `x=$(echo a; echo b); echo "$x"; echo $(echo $(echo $(echo nested))); y=\`echo old\`; echo $y; z=$(exit 5); echo $?`,
  "redirections":
    `cd "$DIR"; echo hello >f; echo more >>f; cat <f; cat f nothere 2>&1 >/dev/null | cat; exec 3>g; echo three >&3; exec 3>&-; cat g; { echo out; echo err >&2; } >o 2>e; cat o e; : >f; cat f; set -C; echo x >g || echo noclobber; cat g`,
  "here-documents": `v=world; cat <<END
hello $v $((1+1)) $(echo sub)
END
cat <<'END'
$v stays
END
cat <<-END
	tabs go
	END
`,
  "functions":
    `f() { local x=in; echo "$1 $# $x"; return 3; }; x=out; f a b; echo $? $x; g() { f "$@" | cat; }; g 1 2 3`,
  "loops and case":
    `for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done; until [ "\${n:=0}" -ge 3 ]; do n=$((n+1)); done; echo $n; case abc in a*) echo a;; *) echo other;; esac`,
  "exit codes":
    `sh -c 'exit 300'; echo $?; nosuchcommand 2>/dev/null; echo $?; true && false || echo or; ! true; echo $?; exit 9`,
  "set -e": `set -e; false || true; if false; then :; fi; echo before; false; echo never`,
  "background jobs":
    `cat </dev/null & p=$!; wait $p; echo $?; (exit 4) & wait $!; echo $?; for i in 1 2 3; do (exit $i) & done; wait; echo $?; wait 99999 2>/dev/null; echo $?`,
  "traps":
    `trap 'echo got term' TERM; kill -TERM $$; echo after; trap 'echo bye' EXIT; (trap - TERM; exit 2); echo $?; trap '' INT; kill -INT $$; echo ignored`,
  "signals between processes":
    `sh -c 'kill -KILL $$'; echo $?; sh -c 'kill -TERM $$; echo no'; echo $?; (trap 'echo child; exit 6' USR1; kill -USR1 $(sh -c 'echo $PPID'); echo no) ; echo $?`,
  "wait is interrupted by a trapped signal": `trap 'echo usr' USR1; (kill -USR1 $$) & wait $!; echo done`,
  "a fifo between jobs": `cd "$DIR"; (exec 2>/dev/null; mkfifo p) || true; echo ok`,
  "exec":
    `exec 4>&1; echo via four >&4; (exec cat </dev/null; echo no); exec sh -c 'echo replaced $0 $1' zero one`,
  "read and IFS":
    `printf 'a:b:c\\n' | { IFS=: read x y z; echo "$z$y$x"; }; IFS=,; set -- $(echo 1,2,3); echo $# $2`,
  "scripts with arguments": `sh -c 'echo $# "$@"' name a 'b c' d; set -- x y z; shift; echo $1 $#; echo "$*"`,
  "printf, test, getopts":
    `printf '%d %s %x\\n' 42 str 255; [ 3 -gt 2 ] && echo gt; [ -d / ] && echo dir; while getopts ab: o -a -b v; do echo $o $OPTARG; done`,
  "environment": `A=1 sh -c 'echo $A'; export B=2; sh -c 'echo $B'; C=3; sh -c 'echo [$C]'`,
  "eval and dot":
    `cd "$DIR"; eval 'x=5; echo $x'; echo 'y=6' >lib; . ./lib; echo $y; echo 'exit 8' >script; sh ./script; echo $?`,
  "expansion":
    `x=foo.tar.gz; echo \${x%.*} \${x%%.*} \${x#*.} \${x##*.}; echo \${u-unset} \${u:=set} $u; cd "$DIR"; : >g1; : >g2; echo g*; echo 'g*' "g*"`,
  "deep recursion": `f() { if [ $1 -gt 0 ]; then f $(($1 - 1)); else echo bottom; fi; }; f 60`,
  "two hundred forks": `i=0; s=0; while [ $i -lt 200 ]; do s=$((s + $(echo $i))); i=$((i+1)); done; echo $s`,
  "an error in a builtin does not end the shell":
    `cd /nowhere 2>/dev/null; echo $?; (readonly r=1; r=2) 2>/dev/null; echo $?; echo on`,
  "syntax errors": `sh -c 'if' 2>/dev/null; echo $?; eval 'echo )' 2>/dev/null; echo not reached`,
};

async function onLinux(script: string): Promise<[number, string]> {
  return await withDirectory(async (directory) => {
    // The shell's own name for itself, and a directory to write to.
    await Deno.symlink("/usr/bin/dash", `${directory}/sh`);
    const { code, stdout } = await new Deno.Command("/usr/bin/dash", {
      args: ["-c", script],
      env: { PATH: `${directory}:/usr/bin:/bin`, DIR: directory },
      clearEnv: true,
      stdin: "null",
      stderr: "null",
    }).output();
    return [code, new TextDecoder().decode(stdout)];
  });
}

const oracle = Deno.build.os === "linux" && await Deno.stat("/usr/bin/dash").then(() => true, () => false);

for (const interruptible of [false, true]) {
  const needs = { missing: dash.missing ?? (oracle ? undefined : "needs Debian's dash to compare with") };
  testWhen(needs, `dash does as dash on Linux${interruptible ? ", interruptible" : ""}`, async (t) => {
    const files = {
      "/bin/sh": await Deno.readFile(dash.path),
      "/bin/cat": await Deno.readFile(repositoryFile("tests/guests/cat.wasm")),
      "/dev/null": new Uint8Array(0),
      "/work/.keep": new Uint8Array(0),
    };
    for (const [name, script] of Object.entries(CASES)) {
      await t.step(name, async () => {
        await using guests = new GuestKernel({ files, interruptible });
        const [code, expected] = await onLinux(script);
        const { status, stdout, stderr } = await guests.run(["/bin/sh", "-c", script], [
          "PATH=/bin",
          "DIR=/work",
        ]);
        assert.equal(stdout, expected, stderr);
        assert.equal(status, code << 8, stderr);
        assert.deepEqual(guests.traps, []);
      });
    }
  });
}
