# cmake -DOUT=file.cpp -P embed_sql.cmake 0001_a.sql 0002_b.sql …: the migrations as C++ (see adapters/embedded/migrations.h).

set(rows "")
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
  set(path "${CMAKE_ARGV${i}}")
  if(NOT path MATCHES "([0-9][0-9][0-9][0-9])_([a-z0-9_]+)\\.sql$")
    continue()
  endif()
  math(EXPR number "1${CMAKE_MATCH_1} - 10000")
  set(name "${CMAKE_MATCH_2}")
  file(READ "${path}" sql)
  string(APPEND rows "    {${number}, \"${name}\", R\"sql(${sql})sql\"},\n")
endforeach()
file(WRITE "${OUT}" "#include \"adapters/embedded/migrations.h\"

namespace pixgate::embedded {

static const Migration kMigrations[] = {
${rows}};

std::span<const Migration> migrations() {
    return kMigrations;
}

}  // namespace pixgate::embedded
")
