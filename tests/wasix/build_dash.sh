#!/bin/sh
# Builds Debian's dash for WASIX, from its source with posix/ as the part of libc that wasi-libc has not: build_dash.sh DIRECTORY makes
# DIRECTORY/dash.wasm. Needs root's apt-get, a C compiler, clang, lld, wasi-libc, libclang-rt-14-dev-wasm32, binaryen.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
if ! ls dash_*.orig.tar.* >/dev/null 2>&1; then
  sed 's/^Types: deb$/Types: deb-src/' /etc/apt/sources.list.d/debian.sources >sources.sources
  mkdir -p lists/partial
  set -- -o Dir::Etc::sourcelist="$PWD/sources.sources" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$PWD/lists"
  apt-get -qq "$@" update
  apt-get -qq "$@" source --download-only dash
fi
rm -rf dash && mkdir dash
tar -xf dash_*.orig.tar.* -C dash --strip-components=1
cd dash/src
cat >../config.h <<'C'
#define HAVE_ALLOCA_H 1
#define HAVE_BSEARCH 1
#define HAVE_DECL_ISBLANK 1
#define HAVE_FACCESSAT 1
#define HAVE_ISALPHA 1
#define HAVE_MEMPCPY 1
#define HAVE_PATHS_H 1
#define HAVE_STPCPY 1
#define HAVE_STRCHRNUL 1
#define HAVE_STRSIGNAL 1
#define HAVE_STRTOD 1
#define HAVE_STRTOIMAX 1
#define HAVE_STRTOUMAX 1
#define HAVE_ST_MTIM 1
#define HAVE_FNMATCH 1
#define PACKAGE_NAME "dash"
#define SIZEOF_INTMAX_T 8
#define SIZEOF_LONG_LONG_INT 8
#define SMALL 1
#define WITH_LINENO 1
#define BSD 1
#define SHELL 1
#define stat64 stat
#define lstat64 lstat
#define fstat64 fstat
#define open64 open
#define readdir64 readdir
#define dirent64 dirent
C
# The tools that write parts of the source run here.
sh mktokens
for tool in mkinit mknodes mksyntax; do cc -w -include ../config.h -o $tool $tool.c; done
cc -w -include ../config.h -DBSD=1 -DSHELL -o mksignames mksignames.c
./mksyntax
./mknodes nodetypes nodes.c.pat
./mksignames
cc -E -x c -P -DBSD=1 -DSHELL -DJOBS=0 -include ../config.h -o builtins.def builtins.def.in
sh mkbuiltins builtins.def
sources="alias.c arith_yacc.c arith_yylex.c cd.c error.c eval.c exec.c expand.c histedit.c input.c jobs.c mail.c main.c memalloc.c
  miscbltin.c mystring.c options.c parser.c redir.c show.c trap.c output.c bltin/printf.c system.c bltin/test.c bltin/times.c var.c"
./mkinit $sources
clang --target=wasm32-wasi -O2 -w -DJOBS=0 -D_WASI_EMULATED_PROCESS_CLOCKS -I"$here/posix" -include "$here/posix/wasix_posix.h" \
  -include ../config.h -I. -I.. -Wl,-z,stack-size=1048576 -o dash.plain $sources builtins.c init.c nodes.c signames.c syntax.c \
  "$here/posix/posix.c" -lwasi-emulated-process-clocks
wasm-opt -O2 --asyncify dash.plain -o dash.big
wasm-opt --strip-debug --strip-producers dash.big -o ../../dash.wasm
