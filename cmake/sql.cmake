# The migrations of db/sqlite inside the binary.

file(GLOB sqlite_migrations CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/db/sqlite/*.sql)
list(SORT sqlite_migrations)
add_custom_command(
  OUTPUT ${CMAKE_BINARY_DIR}/sqlite_migrations.cpp
  COMMAND ${CMAKE_COMMAND} -DOUT=${CMAKE_BINARY_DIR}/sqlite_migrations.cpp -P ${CMAKE_SOURCE_DIR}/cmake/embed_sql.cmake
          ${sqlite_migrations}
  DEPENDS ${sqlite_migrations} ${CMAKE_SOURCE_DIR}/cmake/embed_sql.cmake
  COMMENT "Embedding the SQLite migrations"
  VERBATIM)
target_sources(pixgate_adapters PRIVATE ${CMAKE_BINARY_DIR}/sqlite_migrations.cpp)
