# The developer's one-word tasks: cmake --build build -t TASK. CONTRIBUTING.md lists them.
# (The kernels are laid out by hand: a parameter a line, its shape beside it.)
file(GLOB c_files CONFIGURE_DEPENDS src/*/*.c src/*/*.h include/*.h tests/*.h tests/*/*.c tests/*/*.h
     benchmarks/*.c)
set(c_sources ${c_files})
list(FILTER c_sources INCLUDE REGEX "/src/.*\\.c$")
find_program(CLANG_FORMAT NAMES clang-format-14 clang-format)
find_program(RUN_CLANG_TIDY NAMES run-clang-tidy-14 run-clang-tidy)
find_program(CPPCHECK NAMES cppcheck)
mark_as_advanced(CLANG_FORMAT RUN_CLANG_TIDY CPPCHECK)

function(task name)
    add_custom_target(${name} ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} USES_TERMINAL VERBATIM)
endfunction()

function(missing_tool name tool)
    task(${name} COMMAND ${CMAKE_COMMAND} -E echo "${tool} is missing: run scripts/deps.sh test"
         COMMAND ${CMAKE_COMMAND} -E false)
endfunction()

if(CLANG_FORMAT)
    task(format COMMAND ${CLANG_FORMAT} -i ${c_files})
    task(format-check COMMAND ${CLANG_FORMAT} --dry-run --Werror ${c_files})
else()
    missing_tool(format clang-format)
    missing_tool(format-check clang-format)
endif()

if(RUN_CLANG_TIDY)
    task(tidy COMMAND ${RUN_CLANG_TIDY} -quiet -p ${PROJECT_BINARY_DIR} ${c_sources})
    add_dependencies(tidy clinear_core)
else()
    missing_tool(tidy run-clang-tidy)
endif()

if(CPPCHECK)
    task(cppcheck COMMAND ${CPPCHECK} -q --enable=warning,performance,portability --std=c11 -I src -I include
         --suppressions-list=.cppcheck --error-exitcode=1 src)
else()
    missing_tool(cppcheck cppcheck)
endif()

# Each in its own folder, by the preset of its name.
foreach(preset asan tsan)
    task(${preset} COMMAND ${CMAKE_COMMAND} --preset ${preset} COMMAND ${CMAKE_COMMAND} --build --preset ${preset}
         COMMAND ${CMAKE_CTEST_COMMAND} --preset ${preset})
endforeach()

# A minute for all targets together, or as long as CLINEAR_FUZZ_SECONDS says.
task(fuzz COMMAND sh -c "exec scripts/fuzz.sh \"\${CLINEAR_FUZZ_SECONDS:-60}\"")

# Tests, and which lines and branches of src/ they reach.
find_program(GCOVR NAMES gcovr)
mark_as_advanced(GCOVR)
if(GCOVR)
    task(coverage COMMAND scripts/coverage.sh)
else()
    missing_tool(coverage gcovr)
endif()

if(BUILD_TESTING)
    set(ctest ${CMAKE_CTEST_COMMAND} --test-dir ${PROJECT_BINARY_DIR} --output-on-failure --no-tests=error)
    task(floors COMMAND ${ctest} -R "^house\\.floors$")
    task(oclgrind COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} COMMAND ${ctest} -R "^compute\\.oclgrind$")
    task(offline COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} COMMAND ${ctest} -V -R "^house\\.offline$")
endif()

# The programs that benchmarks/run.sh runs, and the command.
add_custom_target(benchmarks)
add_dependencies(benchmarks clinear)
file(GLOB benchmarks_c CONFIGURE_DEPENDS benchmarks/*.c)
foreach(program IN LISTS benchmarks_c)
    get_filename_component(name ${program} NAME_WE)
    add_executable(benchmark.${name} EXCLUDE_FROM_ALL ${program})
    target_include_directories(benchmark.${name} PRIVATE src)
    target_link_libraries(benchmark.${name} PRIVATE clinear_static OpenCL::OpenCL PkgConfig::JANSSON ${CMAKE_DL_LIBS} m)
    add_dependencies(benchmarks benchmark.${name})
endforeach()
