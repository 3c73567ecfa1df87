# cmake -D SOURCE=… -D OUT=… -P bundle.cmake: writes both descriptions into OUT, on one line each and compressed.
#
# Schemas that both need are kept in openapi.json only. asyncapi.json refers to them there; what is served has them in
# place, so that a tool needs one file.
cmake_minimum_required(VERSION 3.25)

function(write_served name text)
  string(REGEX REPLACE "\n *" "" text "${text}")
  file(WRITE ${OUT}/${name} "${text}")
  execute_process(COMMAND gzip -9 -n -k -f ${OUT}/${name} COMMAND_ERROR_IS_FATAL ANY)  # -n: no time, builds are the same
endfunction()

file(READ ${SOURCE}/openapi.json openapi)
file(READ ${SOURCE}/asyncapi.json asyncapi)

string(JSON count LENGTH "${asyncapi}" components schemas)
math(EXPR last "${count} - 1")
foreach(index RANGE ${last})
  string(JSON name MEMBER "${asyncapi}" components schemas ${index})
  string(JSON target ERROR_VARIABLE own GET "${asyncapi}" components schemas ${name} $ref)
  if(target STREQUAL "openapi.json#/components/schemas/${name}")
    string(JSON schema GET "${openapi}" components schemas ${name})
    string(JSON asyncapi SET "${asyncapi}" components schemas ${name} "${schema}")
  endif()
endforeach()
if(asyncapi MATCHES "openapi\\.json#[^\"]*")
  message(FATAL_ERROR "bundle.cmake: asyncapi.json: ${CMAKE_MATCH_0}: only a schema of the same name may be taken from there")
endif()

write_served(openapi.json "${openapi}")
write_served(asyncapi.json "${asyncapi}")
