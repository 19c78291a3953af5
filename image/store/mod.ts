/** What umiak keeps on the host: the layer cache. @module */
export * from "./default_root.ts";
export * from "./host_blob.ts";
export * from "./layer_cache.ts";
export * from "./host_tree.ts";
export * from "./open_source.ts";
export * from "./open_image.ts";
export * from "./layout_sink.ts";
export * from "./oci_archive_sink.ts";
export * from "./docker_archive_sink.ts";
export * from "./layout_writer.ts";
export * from "./mount_layers.ts";
export * from "./host_files.ts";
export * from "./pack.ts";
export * from "./wasm_file.ts";
export * from "./write_layer.ts";
