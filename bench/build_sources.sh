#!/bin/sh
# Builds Lua and SQLite's speedtest1 for WASI from Debian's sources into the directory given. Needs root's apt-get, clang, lld, wasi-libc,
# libclang-rt-14-dev-wasm32, make, a C compiler and tclsh. The bench leaves out what has not been built.
set -eu
out=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$out"
cflags="--target=wasm32-wasi -O2 -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_MMAN -D_WASI_EMULATED_GETPID"
libs="-lwasi-emulated-process-clocks -lwasi-emulated-signal -lwasi-emulated-mman -lwasi-emulated-getpid"

if ! ls lua5.4_*.orig.tar.* sqlite3_*.orig.tar.* >/dev/null 2>&1; then
  sed 's/^Types: deb$/Types: deb-src/' /etc/apt/sources.list.d/debian.sources >sources.sources
  mkdir -p lists/partial
  set -- -o Dir::Etc::sourcelist="$out/sources.sources" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$out/lists"
  apt-get -qq "$@" update
  apt-get -qq "$@" source --download-only lua5.4 sqlite3
fi
mkdir -p lua sqlite
tar -xf lua5.4_*.orig.tar.* -C lua --strip-components=1
tar -xf sqlite3_*.orig.tar.[gx]z -C sqlite --strip-components=1

# wasi-libc has no setjmp: an error in a script ends the program, which the bench's script does not cause.
cat >lua/main_wasi.c <<'C'
#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"
#include <stdio.h>
int main(int argc, char **argv) {
  lua_State *state = luaL_newstate();
  static const luaL_Reg libraries[] = {{LUA_GNAME, luaopen_base}, {LUA_TABLIBNAME, luaopen_table},
      {LUA_STRLIBNAME, luaopen_string}, {LUA_MATHLIBNAME, luaopen_math}, {0, 0}};
  for (const luaL_Reg *l = libraries; l->func; l++) luaL_requiref(state, l->name, l->func, 1), lua_pop(state, 1);
  if (luaL_loadfilex(state, argc > 1 ? argv[1] : "script.lua", 0)) return fprintf(stderr, "%s\n", lua_tostring(state, -1)), 1;
  lua_call(state, 0, 0);
  return 0;
}
C
core="lapi lcode lctype ldebug ldo ldump lfunc lgc llex lmem lobject lopcodes lparser lstate lstring ltable ltm lundump lvm lzio"
sources=$(for name in $core lauxlib lbaselib lmathlib lstrlib ltablib; do echo "lua/src/$name.c"; done)
mkdir -p include
cat >include/setjmp.h <<'C'
typedef int jmp_buf;
C
# shellcheck disable=SC2086
clang $cflags -Iinclude -Ilua/src '-DLUAI_THROW(L,c)=abort()' '-DLUAI_TRY(L,c,a)={ a }' -Dluai_jmpbuf=int -include stdlib.h \
  -o lua.wasm $sources lua/main_wasi.c $libs -lm -Wl,--strip-all

if [ ! -f sqlite/sqlite3.c ]; then
  (cd sqlite && ./configure --disable-tcl --disable-readline >configure.log 2>&1 && make sqlite3.c >make.log 2>&1)
fi
cat >bench_wasi.h <<'C'
/* What SQLite's Unix layer names and wasi-libc has not; locks are never taken ("unix-none"). */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
static inline int fchmod(int fd, mode_t mode) { return 0; }
static inline int fchown(int fd, uid_t uid, gid_t gid) { return 0; }
static inline uid_t geteuid(void) { return 0; }
C
# shellcheck disable=SC2086
clang $cflags -Isqlite -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_WAL '-DSQLITE_DEFAULT_UNIX_VFS="unix-none"' \
  -include bench_wasi.h -I. -o speedtest1.wasm sqlite/test/speedtest1.c sqlite/sqlite3.c $libs -Wl,--strip-all
