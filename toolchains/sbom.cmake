# The software bill of materials of a program, CycloneDX 1.5: what is linked, loaded at run time, compiled in and bundled.
#   cmake -D PROGRAM=… -D LOADED=… -D HEADERS=… -D LOCK=package-lock.json -D VERSION=… -D OUTPUT=… -P sbom.cmake
# The same program on the same packages gives the same bytes: the only time in it is SOURCE_DATE_EPOCH's, or that of the last commit.
cmake_minimum_required(VERSION 3.25)

# By Debian source package (gcc and its like without their version), as its copyright file says. One that is missing gets no licence, and
# tests/integration/build.test.mjs fails.
set(licences
  "argon2=CC0-1.0 OR Apache-2.0" "brotli=MIT" "cpp-httplib=MIT" "gcc=GPL-3.0-or-later WITH GCC-exception-3.1" "glibc=LGPL-2.1-or-later"
  "libcap2=BSD-3-Clause OR GPL-2.0-only" "libev=BSD-2-Clause OR GPL-2.0-or-later" "libsodium=ISC" "libwebsockets=MIT" "nlohmann-json3=MIT" "openssl=Apache-2.0"
  "paho.mqtt.c=EPL-2.0" "paho.mqtt.cpp=EPL-2.0" "sqlite3=blessing" "tomlplusplus=MIT" "zlib=Zlib")

# out: the licence of a source package, or NOASSERTION.
function(licence_of source out)
  string(REGEX REPLACE "-[0-9]+$" "" name "${source}")
  set(${out} NOASSERTION PARENT_SCOPE)
  foreach(entry IN LISTS licences)
    if(entry MATCHES "^([^=]+)=(.*)$" AND CMAKE_MATCH_1 STREQUAL name)
      set(${out} "${CMAKE_MATCH_2}" PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# out: the package that a file came in. Where /lib is a link to /usr/lib, dpkg knows the file by either name.
function(package_of file out)
  file(REAL_PATH "${file}" real)
  foreach(path IN ITEMS "${file}" "${real}" "/usr${file}" "/usr${real}")
    execute_process(COMMAND dpkg-query -S "${path}" OUTPUT_VARIABLE answer ERROR_QUIET RESULT_VARIABLE code)
    if(code EQUAL 0 AND answer MATCHES "^([^:, ]+(:[a-z0-9]+)?)")
      set(${out} "${CMAKE_MATCH_1}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${out} "" PARENT_SCOPE)
endfunction()

function(add_component key json)
  set_property(GLOBAL PROPERTY "component:${key}" "${json}")
  get_property(all GLOBAL PROPERTY components)
  set_property(GLOBAL PROPERTY components ${all} "${key}")
endfunction()

function(component out ref name version purl licence use)
  if(licence MATCHES " ")
    set(licences_json "[{\"expression\": \"${licence}\"}]")
  else()
    set(licences_json "[{\"license\": {\"id\": \"${licence}\"}}]")
  endif()
  if(licence STREQUAL NOASSERTION)
    set(licences_json "[]")
  endif()
  string(JOIN ", " properties "{\"name\": \"weir:use\", \"value\": \"${use}\"}" ${ARGN})
  set(${out} "    {\"type\": \"library\", \"bom-ref\": \"${ref}\", \"name\": \"${name}\", \"version\": \"${version}\", \"purl\": \"${purl}\", \"licenses\": ${licences_json}, \"properties\": [${properties}]}" PARENT_SCOPE)
endfunction()

# A Debian package, with the files of it that are used.
function(add_package package use)
  execute_process(COMMAND dpkg-query -W -f "\${Package} \${Version} \${source:Package} \${Architecture}" ${package} OUTPUT_VARIABLE answer COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(answer)
  list(POP_FRONT answer name version source architecture)
  licence_of(${source} licence)
  string(REPLACE "+" "%2B" url_version "${version}")
  set(purl "pkg:deb/debian/${name}@${url_version}?arch=${architecture}")
  set(properties "{\"name\": \"weir:source\", \"value\": \"${source}\"}")
  foreach(file IN LISTS ARGN)
    list(APPEND properties "{\"name\": \"weir:file\", \"value\": \"${file}\"}")
  endforeach()
  component(json "${purl}" "${name}" "${version}" "${purl}" "${licence}" "${use}" ${properties})
  add_component("${name}" "${json}")
endfunction()

# Everything that the dynamic linker would load, by package.
function(add_linked)
  file(GET_RUNTIME_DEPENDENCIES RESOLVED_DEPENDENCIES_VAR files UNRESOLVED_DEPENDENCIES_VAR unresolved EXECUTABLES "${PROGRAM}" LIBRARIES ${LOADED})
  if(unresolved)
    message(FATAL_ERROR "sbom: not found: ${unresolved}")
  endif()
  list(APPEND files ${LOADED})
  list(SORT files)
  foreach(file IN LISTS files)
    package_of("${file}" package)
    if(NOT package)
      message(FATAL_ERROR "sbom: ${file} belongs to no package: whose is it?")
    endif()
    cmake_path(GET file FILENAME name)
    list(APPEND packages ${package})
    list(APPEND "files of ${package}" ${name})
  endforeach()
  list(REMOVE_DUPLICATES packages)
  foreach(package IN LISTS packages)
    add_package(${package} linked ${files\ of\ ${package}})
  endforeach()
endfunction()

# What the dashboard bundles: all that is not for development only.
function(add_bundled)
  file(READ "${LOCK}" lock)
  string(JSON count LENGTH "${lock}" packages)
  math(EXPR last "${count} - 1")
  foreach(i RANGE ${last})
    string(JSON path MEMBER "${lock}" packages ${i})
    string(JSON dev ERROR_VARIABLE not_dev GET "${lock}" packages "${path}" dev)
    if(NOT path MATCHES "^node_modules/(.+)$" OR NOT not_dev)
      continue()
    endif()
    set(name "${CMAKE_MATCH_1}")
    string(JSON version GET "${lock}" packages "${path}" version)
    string(JSON licence GET "${lock}" packages "${path}" license)
    string(REPLACE "@" "%40" url_name "${name}")
    set(purl "pkg:npm/${url_name}@${version}")
    component(json "${purl}" "${name}" "${version}" "${purl}" "${licence}" bundled)
    add_component("npm ${name}" "${json}")
  endforeach()
endfunction()

function(time_of_build out)
  set(epoch $ENV{SOURCE_DATE_EPOCH})
  if(NOT epoch)
    execute_process(COMMAND git -C ${CMAKE_CURRENT_LIST_DIR} log -1 --format=%ct OUTPUT_VARIABLE epoch OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    set(ENV{SOURCE_DATE_EPOCH} "${epoch}")
  endif()
  string(TIMESTAMP time "%Y-%m-%dT%H:%M:%SZ" UTC)
  set(${out} "${time}" PARENT_SCOPE)
endfunction()

add_linked()
foreach(package IN LISTS HEADERS)
  add_package(${package} compiled-in)
endforeach()
add_bundled()

get_property(keys GLOBAL PROPERTY components)
list(SORT keys)
foreach(key IN LISTS keys)
  get_property(json GLOBAL PROPERTY "component:${key}")
  list(APPEND components "${json}")
  string(JSON ref GET "${json}" bom-ref)
  list(APPEND refs "\"${ref}\"")
endforeach()
list(JOIN components ",\n" components)
list(JOIN refs ", " refs)
time_of_build(time)
string(UUID serial NAMESPACE 6ba7b811-9dad-11d1-80b4-00c04fd430c8 NAME "weir ${VERSION} ${time} ${components}" TYPE SHA1)
file(WRITE "${OUTPUT}" "{
  \"bomFormat\": \"CycloneDX\",
  \"specVersion\": \"1.5\",
  \"serialNumber\": \"urn:uuid:${serial}\",
  \"version\": 1,
  \"metadata\": {
    \"timestamp\": \"${time}\",
    \"component\": {\"type\": \"application\", \"bom-ref\": \"weir\", \"name\": \"weir\", \"version\": \"${VERSION}\", \"licenses\": [{\"license\": {\"id\": \"Apache-2.0\"}}]}
  },
  \"components\": [
${components}
  ],
  \"dependencies\": [{\"ref\": \"weir\", \"dependsOn\": [${refs}]}]
}
")
