# Peer messages. protoc-c writes its C into the build folder; only message.c sees it, as SYSTEM.
find_program(PROTOC_C protoc-c REQUIRED)
set(PEER_GENERATED ${CMAKE_BINARY_DIR}/generated/peer)
file(MAKE_DIRECTORY ${PEER_GENERATED})
add_custom_command(
  OUTPUT ${PEER_GENERATED}/peer.pb-c.c ${PEER_GENERATED}/peer.pb-c.h
  COMMAND ${PROTOC_C} --proto_path=${CMAKE_CURRENT_LIST_DIR} --c_out=${PEER_GENERATED} peer.proto
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/peer.proto
  VERBATIM)
# A library of its own, so that our warnings do not apply to code that is not ours.
add_library(peer_generated OBJECT ${PEER_GENERATED}/peer.pb-c.c ${PEER_GENERATED}/peer.pb-c.h)
target_compile_options(peer_generated PRIVATE -w)
target_link_libraries(peer_generated PRIVATE PkgConfig::PROTOBUF_C)
target_sources(proto PRIVATE
  ${CMAKE_CURRENT_LIST_DIR}/message.c
  ${CMAKE_CURRENT_LIST_DIR}/message_table.c
  ${CMAKE_CURRENT_LIST_DIR}/record.c
  $<TARGET_OBJECTS:peer_generated>)
add_dependencies(proto peer_generated)
target_include_directories(proto SYSTEM PRIVATE ${PEER_GENERATED})
