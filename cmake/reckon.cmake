# reckon_module(NAME [DEPS ...] [PRIVATE_DEPS ...]): the static library reckon_NAME from every .cc of the folder, and the
# test program reckon_NAME_test from every _test.cc beside them. A module includes only what it links; tools/check-layers
# enforces it. With TESTLIB the folder testing/ becomes reckon_NAME_testing, for tests and the signature command. Tests
# with the same TEST_LOCK never run at once: ggml's threads spin, so two engines on the same cores starve each other.
add_library(reckon_flags INTERFACE)
target_compile_options(reckon_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wthread-safety -Werror
  -Wno-sign-conversion -Wno-error=deprecated-declarations -Wno-missing-field-initializers -Wno-missing-designated-field-initializers
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(RECKON_SANITIZE)
  target_compile_options(reckon_flags INTERFACE -fsanitize=${RECKON_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(reckon_flags INTERFACE -fsanitize=${RECKON_SANITIZE})
endif()
if(RECKON_FUZZ)
  target_compile_options(reckon_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(fmt REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CLI11 REQUIRED)
if(RECKON_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

set_property(GLOBAL PROPERTY RECKON_MODULES "")

function(reckon_library target)
  add_library(${target} STATIC ${ARGN})
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/src>)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:reckon_flags>)
endfunction()

function(reckon_module name)
  cmake_parse_arguments(ARG "TESTLIB" "TEST_LOCK" "DEPS;PRIVATE_DEPS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  file(GLOB benches CONFIGURE_DEPENDS *_bench.cc)
  list(REMOVE_ITEM sources ${tests} ${benches})
  reckon_library(reckon_${name} ${sources})
  target_link_libraries(reckon_${name} PUBLIC reckon_api ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  set_property(GLOBAL APPEND PROPERTY RECKON_MODULES reckon_${name})
  if(ARG_TESTLIB)
    file(GLOB doubles CONFIGURE_DEPENDS testing/*.cc)
    reckon_library(reckon_${name}_testing ${doubles})
    target_link_libraries(reckon_${name}_testing PUBLIC reckon_${name} ${ARG_DEPS})
    set_property(GLOBAL APPEND PROPERTY RECKON_MODULES reckon_${name}_testing)
  endif()
  if(RECKON_TESTS AND tests)
    add_executable(reckon_${name}_test ${tests})
    target_link_libraries(reckon_${name}_test PRIVATE reckon_flags reckon_${name} ${ARG_TEST_DEPS} GTest::gmock GTest::gtest_main)
    if(ARG_TESTLIB)
      target_link_libraries(reckon_${name}_test PRIVATE reckon_${name}_testing)
    endif()
    target_compile_definitions(reckon_${name}_test PRIVATE RECKON_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data")
    # RapidCheck: the same cases in every run. Files of tests: in this build, where no other checkout's tests write. A
    # property of two values does not survive gtest_discover_tests, so the environment is set in two.
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/test-files)
    set(properties LABELS ${name} ENVIRONMENT RC_PARAMS=seed=1
        ENVIRONMENT_MODIFICATION TEST_TMPDIR=set:${CMAKE_CURRENT_BINARY_DIR}/test-files)
    if(ARG_TEST_LOCK)
      list(APPEND properties RESOURCE_LOCK ${ARG_TEST_LOCK})
    endif()
    gtest_discover_tests(reckon_${name}_test TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 300 PROPERTIES ${properties})
  endif()
endfunction()
