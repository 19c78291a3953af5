#!/bin/sh
# Builds Debian's busybox for WASIX, from its source with posix/ as the part of libc that wasi-libc has not: build_busybox.sh DIRECTORY makes
# DIRECTORY/busybox.wasm. Needs root's apt-get, make, a C compiler, clang, lld, wasi-libc, libclang-rt-14-dev-wasm32, binaryen.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
top=$PWD
if ! ls busybox_*.orig.tar.* >/dev/null 2>&1; then
  sed 's/^Types: deb$/Types: deb-src/' /etc/apt/sources.list.d/debian.sources >sources.sources
  mkdir -p lists/partial
  set -- -o Dir::Etc::sourcelist="$PWD/sources.sources" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$PWD/lists"
  apt-get -qq "$@" update
  apt-get -qq "$@" source --download-only busybox
fi
rm -rf busybox && mkdir busybox
tar -xf busybox_*.orig.tar.* -C busybox --strip-components=1
cat >wcc <<C
#!/bin/sh
exec clang --target=wasm32-wasi -std=gnu11 -w -O2 -I$here/posix -include $here/posix/wasix_posix.h -D_WASI_EMULATED_MMAN "\$@"
C
chmod +x wcc
cd busybox
make -s HOSTCC=cc allnoconfig >/dev/null 2>&1
options="BUSYBOX LFS LONG_OPTS FEATURE_FANCY_HEAD FEATURE_FANCY_TAIL FEATURE_FANCY_ECHO ASH ASH_ECHO ASH_PRINTF ASH_TEST ASH_GETOPTS
  ASH_ALIAS ASH_CMDCMD ASH_BASH_COMPAT SH_IS_ASH FEATURE_SH_MATH FEATURE_SH_MATH_64 FEATURE_SH_STANDALONE FEATURE_SH_NOFORK
  FEATURE_PREFER_APPLETS AWK BASE64 BASENAME CAT FEATURE_CATN CKSUM CMP COMM CP CUT DATE DIFF DIRNAME ECHO EGREP ENV EXPAND EXPR FACTOR
  FALSE FIND FEATURE_FIND_TYPE FEATURE_FIND_EXEC FEATURE_FIND_PRINT0 FOLD GREP HEAD KILL LN LS FEATURE_LS_SORTFILES
  FEATURE_LS_FILETYPES FEATURE_LS_RECURSIVE MD5SUM MKDIR MV NL OD PASTE PRINTENV PRINTF PWD READLINK REV RM RMDIR SED SEQ SHUF SLEEP
  SORT SPLIT TAC TAIL TEE TEST TEST1 TOUCH TR TRUE TRUNCATE UNIQ WC WHICH XARGS YES"
for option in $options; do sed -i "s/# CONFIG_$option is not set/CONFIG_$option=y/" .config; done
yes "" | make -s HOSTCC=cc oldconfig >/dev/null 2>&1
# Parts of its library are about networks and serial lines, which this configuration does not call: they may fail to compile.
make -s -k -j"$(nproc)" HOSTCC=cc CC="$top/wcc" AR=llvm-ar-14 SKIP_STRIP=y busybox_unstripped >make.log 2>&1 || true
objects=$(find applets archival console-tools coreutils debianutils editors findutils libbb miscutils procps shell util-linux -name '*.o' \
  ! -name built-in.o)
"$top/wcc" -Wl,-z,stack-size=1048576 -o busybox.plain $objects "$here/posix/posix.c" "$here/posix/absent.c" \
  -lwasi-emulated-process-clocks -lwasi-emulated-mman
wasm-opt -O2 --asyncify busybox.plain -o busybox.big
wasm-opt --strip-debug --strip-producers busybox.big -o "$top/busybox.wasm"
