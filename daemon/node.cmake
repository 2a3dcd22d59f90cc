# struct node, configuration, logging, metrics, and the daemon's main.
target_sources(node PRIVATE
  node.c folder.c config.c cluster.c yaml_file.c insights.c lifecycle.c log.c metrics.c notify.c throttle.c upkeep.c)
target_link_libraries(node PUBLIC PkgConfig::CYAML Threads::Threads)

add_executable(meridiand main.c)
target_link_libraries(meridiand PRIVATE node strict)
# jemalloc keeps a long-lived server's memory from fragmenting; sanitizers bring their own allocator.
if(NOT MERIDIAN_SANITIZE)
  pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
  target_link_libraries(meridiand PRIVATE PkgConfig::JEMALLOC)
endif()
