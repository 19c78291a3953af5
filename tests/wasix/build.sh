#!/bin/sh
# Builds the modules of this folder from their sources, in the directory given, or here: clang and lld with wasi-libc, then binaryen's asyncify.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
for source in "$here"/*.c; do
  name=$(basename "$source" .c)
  clang --target=wasm32-wasi -O2 -o "$out/$name.plain" "$source"
  wasm-opt -O2 --asyncify "$out/$name.plain" -o "$out/$name.wasm"
  wasm-opt --strip-debug --strip-producers "$out/$name.wasm" -o "$out/$name.wasm"
  rm "$out/$name.plain"
done

# Without libc, with a memory that is shared and imported.
clang --target=wasm32 -O2 -nostdlib -matomics -mbulk-memory -Wl,--import-memory,--shared-memory,--max-memory=33554432 \
  -o "$out/generation2023.plain" "$here/freestanding/generation2023.c"
wasm-opt -O2 --enable-threads --enable-bulk-memory --asyncify --strip-debug --strip-producers "$out/generation2023.plain" \
  -o "$out/generation2023.wasm"
rm "$out/generation2023.plain"
